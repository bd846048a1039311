"""Threads passes the suite every adapter passes."""

import pytest
from tests.adapters.threads.hall import DAY, HOUR, TOKEN, Hall, account

from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.threads import plugin


class TestThreads(AdapterConformance):
    @pytest.fixture
    def case(self, hall: Hall) -> AdapterCase:
        post = hall.post(ago=4 * DAY, with_approvals=True)
        question = hall.reply(post, "När öppnar ni på lördag?", ago=3 * DAY)
        hall.reply(post, "Klockan tio!", ago=2 * DAY, to=question, by_account=True)
        hall.held(post, "Får man ta med hund?", ago=HOUR)
        mention = hall.mention("@exempelbadet är vattnet varmt?", ago=DAY)
        hall.reply(mention, "28 grader", ago=HOUR, to=mention, by_account=True)
        return AdapterCase(
            plugin=plugin,
            settings=hall.settings(),
            context=hall.context,
            accounts=[account()],
            secrets=[TOKEN, "apphemlighet"],
        )
