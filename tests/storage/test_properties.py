"""A law of storing: order and repetition do not matter."""

import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage.make import NOW, fetched, item

from watchdaemon.domain.item import Item
from watchdaemon.ports import Store
from watchdaemon.storage import open_store
from watchdaemon.testing.memory import MemoryStore


@st.composite
def _sightings(draw: st.DrawFn) -> Item:
    """An item as one answer shows it: edited so many times by then, with some parts left out."""
    number, edits = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    whole = item(
        f"c{number}",
        thread_id=f"t{number % 2}",
        published_at=NOW - timedelta(minutes=number),
        text=f"{number} ändrad {edits} gånger",
        edited_at=NOW + timedelta(minutes=edits),
        by_account=number == 3,
        parent_id="c0",
        extra={"n": str(number)},
    )
    left_out = draw(st.sets(st.sampled_from(["author", "author_id", "url", "parent_id", "extra"])))
    without: dict[str, Any] = {name: {} if name == "extra" else None for name in left_out}
    return replace(whole, **without)


_pieces = st.lists(st.lists(_sightings(), max_size=4), min_size=1, max_size=5)


def _stored(store: Store, pieces: Sequence[Sequence[Item]]) -> list[Item]:
    for piece in pieces:
        store.save_fetch(fetched(*piece, account="fb-biblioteket"), at=NOW)
    return store.items()


@given(pieces=_pieces, random=st.randoms(use_true_random=False))
def test_any_order_and_repetition_of_pieces_gives_the_same_items(pieces: list[list[Item]], random: Random) -> None:
    again = pieces + random.choices(pieces, k=3)
    random.shuffle(again)

    assert _stored(MemoryStore(), again) == _stored(MemoryStore(), pieces)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=_pieces, random=st.randoms(use_true_random=False))
def test_sqlite_stores_any_order_and_repetition_as_the_twin_does(
    pieces: list[list[Item]], random: Random, sqlite_template: Path
) -> None:
    again = pieces + random.choices(pieces, k=3)
    random.shuffle(again)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "watch.db"
        path.write_bytes(sqlite_template.read_bytes())
        with closing(open_store(f"sqlite:///{path}")) as store:
            assert _stored(store, again) == _stored(MemoryStore(), pieces)


@given(pieces=_pieces)
def test_the_same_pieces_again_change_nothing_and_mark_nothing(pieces: list[list[Item]]) -> None:
    store = MemoryStore()
    items = _stored(store, pieces)
    marks = store.pending_threads()
    newest = [fetched(i) for i in items]

    assert all(store.save_fetch(f, at=NOW).changed_items == 0 for f in newest)
    assert store.pending_threads() == marks
