"""Facebook passes the suite every adapter passes."""

from datetime import timedelta

import pytest
from tests.adapters._graph.town import APP_SECRET, PAGE_TOKEN, Town, facebook_account

from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.facebook import plugin

DAY = timedelta(days=1)


class TestFacebook(AdapterConformance):
    @pytest.fixture
    def case(self, town: Town) -> AdapterCase:
        post = town.post("Vi har öppet i jul", ago=4 * DAY)
        question = town.comment(post, "När öppnar ni?", ago=3 * DAY)
        town.comment(post, "Klockan 10", ago=2 * DAY, under=question, by_account=True)
        visit = town.visitor_post("Jag har tappat min mössa", ago=DAY)
        town.comment(visit, "Den ligger i receptionen", ago=DAY / 2, by_account=True)
        town.mention("Så fint på biblioteket", ago=DAY)
        town.message("Kan jag boka ett rum?", ago=DAY)
        return AdapterCase(
            plugin=plugin,
            settings=town.settings("facebook"),
            context=town.context,
            accounts=[facebook_account(), facebook_account(key="samma-med-app", credential="med-app")],
            secrets=[PAGE_TOKEN, APP_SECRET],
        )
