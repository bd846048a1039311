"""What a window costs in HTTP requests: quiet and busy, on forty Pages and forty Instagram accounts."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from tests.adapters._graph.municipality import Municipality, found_municipality
from tests.adapters._graph.town import Stage, running_stage

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.ports import AdapterPlugin
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Kind
from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram

HOUR = timedelta(hours=1)
FORTY = 40


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@pytest.fixture
def municipality(stage: Stage) -> Municipality:
    return found_municipality(stage, FORTY)


class Round:
    """Fetches all accounts of a platform again and again, cursors kept as a store keeps them."""

    def __init__(self, municipality: Municipality, plugin: AdapterPlugin, accounts: Sequence[Account]) -> None:
        settings = municipality.town.settings(plugin.name)
        self.adapter = plugin.create(settings, municipality.context)
        self.municipality = municipality
        self.accounts = accounts
        self.cursors: dict[str, Cursors] = {}

    def fetch(self) -> tuple[list[FetchResult], int]:
        """Return the results and the number of requests they took."""
        before = self.municipality.requests
        results = list(self.adapter.fetch(self.accounts, self.cursors))
        for result in results:
            self.cursors[result.account] = {**self.cursors.get(result.account, {}), **result.cursors}
        return results, self.municipality.requests - before


def pages(municipality: Municipality) -> Round:
    return Round(municipality, facebook, municipality.pages)


def test_forty_quiet_pages_cost_three_requests_a_window_from_the_first_on(municipality: Municipality) -> None:
    municipality.usual_past()
    round_ = pages(municipality)
    costs = []
    for _ in range(4):
        results, cost = round_.fetch()
        costs.append(cost)
        municipality.town.clock.now += timedelta(hours=16)

        assert len(results) == FORTY
        assert {r.coverage for r in results} == {Coverage.COMPLETE}
    assert costs == [3, 3, 3, 3]


def test_forty_pages_without_a_past_cost_three_requests(municipality: Municipality) -> None:
    results, cost = pages(municipality).fetch()

    assert {r.coverage for r in results} == {Coverage.COMPLETE}
    assert cost == 3


def test_forty_quiet_instagram_accounts_cost_three_requests_a_window(municipality: Municipality) -> None:
    municipality.usual_past()
    round_ = Round(municipality, instagram, municipality.instagrams)
    costs = []
    for _ in range(3):
        results, cost = round_.fetch()
        costs.append(cost)
        municipality.town.clock.now += timedelta(hours=16)

        assert {r.coverage for r in results} == {Coverage.COMPLETE}
    assert costs == [3, 3, 3]


def test_pages_with_years_behind_them_cost_three_requests_on_a_quiet_afternoon(municipality: Municipality) -> None:
    municipality.usual_past(posts=30, conversations=30)
    round_ = pages(municipality)
    _, morning = round_.fetch()
    municipality.town.clock.now += 4 * HOUR
    _, afternoon = round_.fetch()

    assert morning <= 5
    assert afternoon == 3


def test_ten_new_comments_on_every_page_cost_nothing_more(municipality: Municipality) -> None:
    municipality.usual_past()
    round_ = pages(municipality)
    round_.fetch()
    municipality.town.clock.now += 4 * HOUR
    for account in municipality.pages:
        post = municipality.write(account, Kind.POST, "Nytt", ago=3 * HOUR)
        for number in range(10):
            municipality.write(account, Kind.COMMENT, f"Fråga {number}?", ago=2 * HOUR, under=post)
    results, cost = round_.fetch()

    assert (
        sum(
            i.text.startswith("Fråga") and i.published_at > municipality.town.clock.now - 3 * HOUR
            for r in results
            for i in r.items
        )
        == 10 * FORTY
    )
    assert cost == 3


def test_two_hundred_pages_cost_what_their_questions_fill(stage: Stage) -> None:
    city = found_municipality(stage, 200)
    results: list[FetchResult] = []
    adapter = facebook.create(city.town.settings("facebook"), city.context)
    for start in range(0, 200, adapter.batch_size):
        results += adapter.fetch(city.pages[start : start + adapter.batch_size], {})

    assert {r.coverage for r in results} == {Coverage.COMPLETE}
    assert city.requests == 14


def test_a_page_with_a_dead_token_costs_the_others_nothing(municipality: Municipality) -> None:
    municipality.usual_past(posts=2)
    municipality.town.fault(FaultKind.EXPIRED_TOKEN, account=municipality.pages[0].key)
    results, cost = pages(municipality).fetch()
    coverage = {r.account: r.coverage for r in results}

    assert coverage.pop(municipality.pages[0].key) is Coverage.FAILED
    assert set(coverage.values()) == {Coverage.COMPLETE}
    assert cost == 3


def test_each_question_carries_its_own_accounts_token(municipality: Municipality) -> None:
    municipality.usual_past(posts=1)
    pages(municipality).fetch()
    tokens = [params["access_token"] for _, path, params in municipality.town.asked if path == "me"]

    assert sorted(tokens) == sorted(f"EAA{n:03}" for n in range(FORTY))


@pytest.mark.parametrize("kind", [FaultKind.OUTAGE, FaultKind.HTML_502, FaultKind.TRUNCATED_JSON])
def test_when_the_platform_is_away_every_account_gets_a_result(municipality: Municipality, kind: FaultKind) -> None:
    municipality.town.fault(kind, account=None)
    results, cost = pages(municipality).fetch()

    assert [r.coverage for r in results] == [Coverage.FAILED] * FORTY
    assert cost <= 3 * 2  # the road tries each twice here
