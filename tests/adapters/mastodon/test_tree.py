"""Who answers whom, from what was seen and from what was told of the unseen."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon_adapters.mastodon.client import Context
from watchdaemon_adapters.mastodon.tree import Place, Tree

OWN = "700"


def row(status_id: str, parent: str | None = None, *, own: bool = False, direct: bool = False) -> dict[str, Any]:
    """A status, as far as its place goes."""
    return {
        "id": status_id,
        "in_reply_to_id": parent,
        "visibility": "direct" if direct else "public",
        "account": {"id": OWN if own else "701"},
    }


def tree(*rows: dict[str, Any]) -> Tree:
    """A tree that has seen these."""
    grown = Tree(own_ids=frozenset({OWN}))
    for raw in rows:
        grown.add(raw)
    return grown


def context(ancestors: list[Any], descendants: list[Any]) -> Context:
    """A context as the client gives it."""
    return Context(ancestors=tuple(ancestors), descendants=tuple(descendants), is_growing=False)


def test_the_thread_begins_with_the_topmost_status() -> None:
    grown = tree(row("1", own=True), row("2", "1"), row("3", "2"))

    assert grown.place("3") == Place(thread_id="1", root_id="1", is_below_own=True)
    assert grown.place("1") == Place(thread_id="1", root_id=None, is_below_own=False)
    assert grown.is_settled("3")


def test_below_an_unseen_parent_nothing_is_settled_until_somebody_tells() -> None:
    grown = tree(row("3", "2"))

    assert not grown.is_settled("3")

    grown.add_context("3", context([row("1"), row("2", "1")], []))

    assert grown.is_settled("3")
    assert grown.place("3").thread_id == "1"


def test_when_nobody_can_tell_the_unseen_parent_names_the_thread() -> None:
    grown = tree(row("3", "2"), row("4", "2"))
    grown.add_context("3", None)

    assert grown.place("3").thread_id == grown.place("4").thread_id == "2"
    assert grown.is_settled("4")


def test_a_gap_in_a_context_joins_what_is_below_to_what_is_above() -> None:
    """2 and 5 are hidden from the account: their authors are blocked."""
    grown = tree(row("4", "3", own=True))
    grown.add_context("4", context([row("1"), row("3", "2")], [row("6", "5")]))

    assert grown.place("4").thread_id == grown.place("6").thread_id == "1"
    assert grown.place("6").is_below_own


def test_what_an_earlier_fetch_knew_is_believed() -> None:
    grown = tree(row("9", "8", own=True), row("10", "9"))
    grown.remember("9", "1", is_top_own=True)

    assert grown.place("10") == Place(thread_id="1", root_id="1", is_below_own=True)
    assert grown.is_settled("10")


def test_a_private_chain_ends_where_the_public_begins() -> None:
    grown = tree(row("1", own=True), row("2", "1", direct=True), row("3", "2", own=True, direct=True))

    assert grown.place("3") == Place(thread_id="2", root_id=None, is_below_own=False)
    assert grown.place("2").thread_id == "2"


def test_a_circle_has_an_end() -> None:
    grown = tree(row("1", "2"), row("2", "1"), row("3", "3"))

    assert grown.place("1").thread_id == "2"
    assert grown.place("3").thread_id == "3"


_ids = st.sampled_from([str(n) for n in range(8)])


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(_ids, st.none() | _ids, st.booleans(), st.booleans()), max_size=10),
    contexts=st.lists(st.tuples(_ids, st.lists(st.tuples(_ids, _ids), max_size=3)), max_size=4),
    remembered=st.lists(st.tuples(_ids, _ids, st.booleans()), max_size=3),
)
def test_every_status_has_a_place_whatever_was_seen(rows: Any, contexts: Any, remembered: Any) -> None:
    grown = tree(*(row(i, parent, own=own, direct=direct) for i, parent, own, direct in rows))
    for status_id, top, is_own in remembered:
        grown.remember(status_id, top, is_top_own=is_own)
    for anchor, pairs in contexts:
        half = len(pairs) // 2
        grown.add_context(anchor, context([row(i, p) for i, p in pairs[:half]], [row(i, p) for i, p in pairs[half:]]))
    for status_id in grown.nodes:
        place = grown.place(status_id)

        assert place.thread_id
        assert place.root_id in (None, place.thread_id)
        assert place.root_id != status_id
