"""Instagram passes the suite every adapter passes."""

from datetime import timedelta

import pytest
from tests.adapters._graph.town import APP_SECRET, IG, PAGE_TOKEN, Town, instagram_account

from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.instagram import plugin

DAY = timedelta(days=1)


class TestInstagram(AdapterConformance):
    @pytest.fixture
    def case(self, town: Town) -> AdapterCase:
        media = town.post("Höstens böcker", ago=4 * DAY, account=IG)
        question = town.comment(media, "Finns den som ljudbok?", ago=3 * DAY)
        town.comment(media, "Ja!", ago=2 * DAY, under=question, by_account=True)
        town.mention("På bibblan", ago=DAY, account=IG)
        town.message("Hej, har ni öppet?", ago=DAY, account=IG, thread="aWdfT1")
        return AdapterCase(
            plugin=plugin,
            settings=town.settings("instagram"),
            context=town.context,
            accounts=[instagram_account(), instagram_account(key="samma-med-app", credential="med-app")],
            secrets=[PAGE_TOKEN, APP_SECRET],
        )
