"""Mastodon passes the suite every adapter passes."""

import pytest
from tests.adapters.mastodon.town import TOKEN, Town, account

from watchdaemon.testing.conformance import AdapterCase, AdapterConformance
from watchdaemon_adapters.mastodon import plugin


class TestMastodon(AdapterConformance):
    @pytest.fixture
    def case(self, town: Town) -> AdapterCase:
        post = town.post("Vi har öppet i jul", ago=50)
        question = town.reply(post, "När öppnar ni?", ago=49)
        town.reply(question, "Klockan 10", ago=48, own=True)
        town.reply(question, "Det undrar jag också", ago=47, name="robin", mention="no")
        elsewhere = town.mention(ago=30)
        town.reply(elsewhere, "I kväll", ago=29, own=True)
        town.quote(post, ago=28)
        asked = town.message("Kan jag boka ett rum?", ago=20)
        town.message("Ja", ago=19, own=True, to=asked)
        town.message("Tack", ago=18, to=asked)
        return AdapterCase(
            plugin=plugin,
            settings={"base_url": town.url},
            context=town.context,
            accounts=[account()],
            secrets=[TOKEN],
        )
