"""Every request the adapter sends, against the API's own description, where that is at hand."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from tests.adapters.mastodon.town import Town, account

from watchdaemon.http import RetryPolicy, Road
from watchdaemon_adapters.mastodon import plugin

SPEC = Path(__file__).parents[4] / "shared/contracts/mastodon/spec/mastodon-openapi.json"


class ListeningRoad(Road):
    """Keeps the addresses that were asked for."""

    def __init__(self) -> None:
        super().__init__(retries=RetryPolicy(tries=1), sleep=lambda _: None)
        self.asked: list[str] = []

    def request(self, *args: Any, **kwargs: Any) -> httpx.Response:
        """Keep the address, and send the request."""
        self.asked.append(args[1])
        return super().request(*args, **kwargs)


@pytest.mark.skipif(not SPEC.exists(), reason="the API's description lies outside the repository")
def test_no_request_has_a_path_or_a_parameter_that_the_description_does_not_know(town: Town) -> None:
    described = json.loads(SPEC.read_text())["paths"]
    asked = _everything_asked(town)
    known = {re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path)): path for path in described}
    used = set()
    for url in asked:
        parts = urlsplit(url.removeprefix(town.url.rstrip("/")))
        path = next(
            name for pattern, name in known.items() if pattern.fullmatch(parts.path) and "get" in described[name]
        )
        parameters = {p["name"]: p["schema"] for p in described[path]["get"].get("parameters", [])}
        used.add(path)
        for name, _ in parse_qsl(parts.query):
            bare = name.removesuffix("[]")

            assert bare in parameters, url
            assert (parameters[bare].get("type") == "array") is name.endswith("[]"), url

    assert len(used) >= 9


def _everything_asked(town: Town) -> list[str]:
    """Let the adapter do all it can do, twice, with something missing, and return what it asked for."""
    with ListeningRoad() as road:
        town.road = road
        post = town.post(ago=40)
        town.quote(post, ago=30)
        town.reply(town.mention(ago=20), ago=19, name="robin")
        newest = town.mention(ago=5)
        message = town.message(ago=6)
        town.message(ago=4, to=message)
        result = town.fetch()
        town.later(25)
        town.world.delete(newest)
        town.world.delete(post)
        town.fetch()
        list(plugin.create({"base_url": town.url}, town.context).recheck(account(), result.items))
        town.adapter.profile(account())
        town.adapter.credential(account())
        return road.asked
