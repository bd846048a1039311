"""The order in which pages arrive, repeats and re-fetches never change what became of a question. About 12 seconds.

Each example takes a conversation of the table as one platform has it, and lets it be fetched in another way, through
the real stores. Where a platform tells no time of an edit (Facebook, Threads), an edit is dated by when it is noticed:
what was edited there is left out of the first law, and only there.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.rules.conversations.play import ACCOUNT_KEY, TELLS_OF_EDITS, Conversation, Event, Stage, table, told

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.domain.question import Step
from watchdaemon.ports import Store
from watchdaemon.storage import open_store, upgrade
from watchdaemon.testing.memory import MemoryStore

CASES = [(p, c) for c in table() for p in c.platforms]
UNDATED = {(p, c.title) for p, c in CASES if p not in TELLS_OF_EDITS and any(e.verb == "edits" for e in c.events)}
cases = st.sampled_from(CASES)
quick = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])
real = settings(quick, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database to copy."""
    path = tmp_path_factory.mktemp("conversations") / "empty.db"
    upgrade(f"sqlite:///{path}")
    return path


@contextmanager
def sqlite(template: Path) -> Iterator[Store]:
    """A fresh copy of the empty database."""
    path = template.with_name("played.db")
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(template, path)
    store = open_store(f"sqlite:///{path}")
    try:
        yield store
    finally:
        store.close()


def outcome(stage: Stage) -> dict[str, tuple[object, ...]]:
    """Return all that is told of every item."""
    return {
        name: (told(v), v.due_at, v.answered_at, v.finish_due_at, v.response_minutes, v.removal_word)
        for name, v in stage.verdicts().items()
    }


def steps(stage: Stage) -> dict[str, list[Step]]:
    """Return the record of every item."""
    return {name: stage.store.steps(ACCOUNT_KEY, name) for name in stage.names}


def as_it_happened(store: Store, platform: str, conversation: Conversation) -> Stage:
    """Play the conversation, each event fetched and judged at once."""
    stage = Stage(store, platform, conversation.place)
    for event in conversation.events:
        stage.play(event)
    return stage


def shown(platform: str, conversation: Conversation) -> tuple[list[Item], list[Event]]:
    """Return each wording of each item that the platform ever showed, and what else happened."""
    stage = Stage(MemoryStore(), platform, conversation.place)
    wordings, rest = list(stage.names.values()), []
    for event in conversation.events:
        stage.happen(event)
        if event.verb in {"writes", "edits"}:
            wordings.append(replace(stage.names[event.what], visibility=_first_seen(stage, event)))
        else:
            rest.append(event)
    return wordings, rest


def _first_seen(stage: Stage, event: Event) -> Visibility:
    return Visibility.PRIVATE if stage.place == "messages" else Visibility.PUBLIC


def in_another_order(store: Store, platform: str, conversation: Conversation, data: st.DataObject) -> Stage:
    """Fetch the same in shuffled pages, some of them twice; judge now and then; then let the rest happen."""
    wordings, rest = shown(platform, conversation)
    arrivals = data.draw(st.permutations(wordings), label="arrivals")
    arrivals += data.draw(st.lists(st.sampled_from(wordings), max_size=4), label="once more")
    stage = Stage(store, platform, conversation.place)
    stage.now = conversation.events[-1].at
    while arrivals:
        size = data.draw(st.integers(1, len(arrivals)), label="a page of")
        page, arrivals = arrivals[:size], arrivals[size:]
        stage.store.save_fetch(
            FetchResult(account=ACCOUNT_KEY, coverage=Coverage.COMPLETE, items=tuple(page), cursors={}), at=stage.now
        )
        if data.draw(st.booleans(), label="judged"):
            stage.judge.run(stage.register)
    stage.names = {i.external_id: i for i in sorted(wordings, key=lambda i: i.edited_at or i.published_at)}
    for event in rest:
        stage.happen(event)
    stage.now = conversation.events[-1].at
    stage.fetch([name for name, item in stage.names.items() if item.visibility is not Visibility.DELETED])
    stage.judge.run(stage.register)
    return stage


def with_repeats(store: Store, platform: str, conversation: Conversation, data: st.DataObject) -> Stage:
    """Play the conversation in order, fetching again what is there, and judging again, as often as drawn."""
    stage = Stage(store, platform, conversation.place)
    for event in conversation.events:
        stage.play(event)
        there = [name for name, item in stage.names.items() if item.visibility is not Visibility.DELETED]
        for names in data.draw(st.lists(st.lists(st.sampled_from(there), unique=True), max_size=2)) if there else []:
            stage.fetch(names)
            stage.judge.run(stage.register)
        if data.draw(st.booleans(), label="all judged anew"):
            stage.store.mark_all_pending()
            stage.judge.run(stage.register)
    return stage


def agree_in_any_order(store: Store, platform: str, conversation: Conversation, data: st.DataObject) -> None:
    """The first law."""
    if (platform, conversation.title) in UNDATED:
        return
    expected = outcome(as_it_happened(MemoryStore(), platform, conversation))
    stage = in_another_order(store, platform, conversation, data)

    assert outcome(stage) == expected
    for name, verdict in stage.verdicts().items():
        last = steps(stage)[name][-1:]
        assert [s.state for s in last] == ([verdict.state] if last else [])


@quick
@given(case=cases, data=st.data())
def test_the_order_of_pages_changes_nothing(case: tuple[str, Conversation], data: st.DataObject) -> None:
    agree_in_any_order(MemoryStore(), *case, data)


@real
@given(case=cases, data=st.data())
def test_the_order_of_pages_changes_nothing_in_sqlite(
    template: Path, case: tuple[str, Conversation], data: st.DataObject
) -> None:
    with sqlite(template) as store:
        agree_in_any_order(store, *case, data)


@quick
@given(case=cases, data=st.data())
def test_repeats_change_neither_the_outcome_nor_the_record(case: tuple[str, Conversation], data: st.DataObject) -> None:
    expected = as_it_happened(MemoryStore(), *case)
    stage = with_repeats(MemoryStore(), *case, data)

    assert outcome(stage) == outcome(expected)
    assert steps(stage) == steps(expected)


@real
@given(case=cases, data=st.data())
def test_repeats_change_neither_the_outcome_nor_the_record_in_sqlite(
    template: Path, case: tuple[str, Conversation], data: st.DataObject
) -> None:
    expected = as_it_happened(MemoryStore(), *case)
    with sqlite(template) as store:
        stage = with_repeats(store, *case, data)

        assert outcome(stage) == outcome(expected)
        assert steps(stage) == steps(expected)


@quick
@given(case=cases, data=st.data())
def test_what_arrives_between_two_judgements_arrives_in_any_order(
    case: tuple[str, Conversation], data: st.DataObject
) -> None:
    """Judged in the same moments, the record is the same too."""
    platform, conversation = case
    size = data.draw(st.integers(1, 3), label="events between two judgements")
    records = []
    for is_shuffled in (False, True):
        stage = Stage(MemoryStore(), platform, conversation.place)
        for start in range(0, len(conversation.events), size):
            moment = conversation.events[start : start + size]
            for event in moment:
                stage.happen(event)
            if is_shuffled:
                there = [n for n, item in stage.names.items() if item.visibility is not Visibility.DELETED]
                stage.fetch(data.draw(st.permutations(there)) if there else [])
            stage.judge.run(stage.register)
        records.append((outcome(stage), steps(stage)))

    assert records[0] == records[1]
