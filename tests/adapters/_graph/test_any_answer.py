"""Any JSON value in any place of any answer: items, a counted malformed item or a named error, and no false quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters._graph.town import IG, Stage, Town, facebook_account, instagram_account, running_stage
from tests.conformance import wire

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.errors import Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["id", "data", "error", "paging", "next", "code", "body", "from"]), inner, max_size=2
        )
    ),
    max_leaves=5,
)
TIMES = ("created_time", "updated_time", "creation_time", "timestamp")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with running_stage() as running:
        yield running


@dataclass
class Mangler:
    """Replaces the value at one place, counted over all answers; tells what it did."""

    place: int
    value: Any
    keys: tuple[object, ...] = ()
    old: Any = None
    is_done: bool = False

    def __call__(self, answer: Any) -> Any:
        return self._walk(answer, ())

    @property
    def is_telling(self) -> bool:
        """Whether what stands there now cannot be taken for an answer."""
        key = self.keys[-1] if self.keys else None
        is_another_kind = type(self.value) is not type(self.old)
        may_be_right = isinstance(self.value, int) and (key in TIMES or key == "id")
        is_an_end = self.value is None and key in ("paging", "next")
        return self.is_done and is_another_kind and not may_be_right and not is_an_end

    def _walk(self, value: Any, keys: tuple[object, ...]) -> Any:
        if self.is_done:
            return value
        if self.place == 0:
            self.is_done, self.keys, self.old = True, keys, value
            return self.value
        self.place -= 1
        if isinstance(value, dict):
            return {k: self._walk(v, (*keys, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self._walk(v, (*keys, n)) for n, v in enumerate(value)]
        return value


def furnish_page(town: Town) -> None:
    post = town.post("Vi har öppet", ago=2 * DAY)
    question = town.comment(post, "När?", ago=DAY)
    for _ in range(3):
        town.comment(post, "Klockan 10", ago=HOUR, under=question, by_account=True)
    visit = town.visitor_post("Min mössa?", ago=DAY)
    town.comment(visit, "Ja", ago=HOUR, by_account=True)
    town.mention("Fint", ago=DAY)
    town.comment(town.on_shelf("reel", "Film", ago=DAY), "Var?", ago=HOUR)
    for n in range(3):
        town.message(f"Rum {n}?", ago=n * HOUR, thread="t_1")
    town.fault(FaultKind.SHORT_PAGES, account=None)


def furnish_instagram(town: Town) -> None:
    media = town.post("Bild", ago=2 * DAY, account=IG)
    for n in range(3):
        top = town.comment(media, f"Fråga {n}?", ago=DAY)
        for _ in range(3):
            town.comment(media, "Svar", ago=HOUR, under=top, by_account=True)
    town.mention("Tagg", ago=DAY, account=IG)
    for n in range(3):
        town.message(f"Hej {n}?", ago=n * HOUR, account=IG, thread=f"aWdf{n}")
    town.fault(FaultKind.SHORT_PAGES, account=None)


def fetch(adapter: PlatformAdapter, account: Account, cursors: Cursors) -> FetchResult:
    (result,) = adapter.fetch([account], {account.key: cursors})
    return result


@contextmanager
def mangling(stage: Stage, mangler: Mangler) -> Iterator[None]:
    stage.mangle = mangler
    try:
        with wire.unchecked():
            yield
    finally:
        stage.mangle = None


def check(stage: Stage, town: Town, adapter: PlatformAdapter, account: Account, mangler: Mangler) -> None:
    truth = {i.external_id for i in fetch(adapter, account, {}).items}
    with mangling(stage, mangler):
        result = fetch(adapter, account, {})
    found = {i.external_id for i in result.items}

    assert Reason.INTERNAL not in {t.reason for t in result.troubles}
    if mangler.is_telling:
        if result.coverage is Coverage.COMPLETE:
            assert truth <= found, mangler
        town.clock.now += timedelta(minutes=5)
        after = fetch(adapter, account, result.cursors)
        assert truth <= found | {i.external_id for i in after.items}, mangler


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 400), value=JSON)
def test_no_answer_about_a_page_breaks_a_fetch_or_passes_for_quiet(stage: Stage, place: int, value: Any) -> None:
    town = stage.town()
    furnish_page(town)
    adapter = facebook.create(town.settings("facebook"), town.context)
    check(stage, town, adapter, facebook_account(), Mangler(place, value))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 400), value=JSON)
def test_no_answer_about_an_instagram_account_breaks_a_fetch_or_passes_for_quiet(
    stage: Stage, place: int, value: Any
) -> None:
    town = stage.town()
    furnish_instagram(town)
    adapter = instagram.create(town.settings("instagram"), town.context)
    check(stage, town, adapter, instagram_account(), Mangler(place, value))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 200), value=JSON)
def test_no_answer_breaks_a_recheck_or_deletes_what_is_there(stage: Stage, place: int, value: Any) -> None:
    town = stage.town()
    furnish_page(town)
    adapter = facebook.create(town.settings("facebook"), town.context)
    account = facebook_account()
    items = fetch(adapter, account, {}).items
    mangler = Mangler(place, value)
    with mangling(stage, mangler):
        answers = list(adapter.recheck(account, items))

    assert sorted(a.external_id for a in answers) == sorted(i.external_id for i in items)
    for answer in answers:
        assert answer.visibility is None or answer.item is not None, mangler
