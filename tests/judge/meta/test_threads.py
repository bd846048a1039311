"""The Threads adapter before an independent server: everything inbound is found once, and coverage tells the truth."""

from datetime import timedelta

import pytest
from tests.judge.meta.book import NOW, Made, ThreadsBook, Watch
from tests.judge.meta.faults import FAULTS, each
from tests.judge.meta.graph import Graph, Node

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def book(graph: Graph) -> ThreadsBook:
    graph.version = "v1.0"
    return ThreadsBook(graph, "26001700", "THtoken")


@pytest.fixture
def watch(graph: Graph, book: ThreadsBook, watch_threads: Made) -> Watch:
    return watch_threads(graph, {"th": (book.id, book.token)})


def everything(book: ThreadsBook) -> None:
    """Write one of each, in every shape the contract allows."""
    for day in range(5):
        post = book.post(NOW - DAY * (day + 1), f"Inlägg {day}")
        top = book.reply(post, NOW - DAY * day - HOUR * 9, f"Fråga {day}?")
        deep = book.reply(post, NOW - DAY * day - HOUR * 8, "Svar", by=book.username, under=top)
        book.reply(post, NOW - DAY * day - HOUR * 7, "Följdfråga?", under=deep)
        book.reply(post, NOW - DAY * day - HOUR * 6, "Gömt", by="alex", status="HIDDEN")
    held = book.post(NOW - DAY * 2, "Med godkännande")
    book.reply(held, NOW - HOUR * 3, "Väntar", is_held=True)
    book.post(NOW - DAY, "Hej @exempelkommun", edge="mentions", by="kim")


def test_everything_is_found_once_and_exactly(graph: Graph, book: ThreadsBook, watch: Watch) -> None:
    everything(book)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("th") == book.truths
    assert result.calls == graph.requests


@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize(("has_cursors", "has_next"), [(True, True), (True, False), (False, True)])
def test_pages_are_followed_to_their_end_however_they_are_linked(
    graph: Graph, book: ThreadsBook, watch: Watch, most: int, has_cursors: bool, has_next: bool
) -> None:
    graph.most, graph.has_cursors, graph.has_next = most, has_cursors, has_next
    everything(book)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("th") == book.truths


def test_many_polls_over_days_find_everything_written_between(graph: Graph, book: ThreadsBook, watch: Watch) -> None:
    graph.most = 3
    everything(book)
    for poll in range(6):
        at = NOW + HOUR * 7 * poll
        assert watch.one(at).coverage is Coverage.COMPLETE
        assert watch.truths("th") == book.truths
        for n, post in enumerate(book.node.edges["threads"]):
            if (n + poll) % 2:
                below = post.edges.get("conversation", [])
                book.reply(post, at + HOUR, f"Under {poll}?", under=below[poll % len(below)] if below else None)
        book.reply(book.post(at + HOUR * 3), at + HOUR * 4, "Först!")
        book.post(at + HOUR * 2, "Hej @exempelkommun", edge="mentions", by="alex")


def test_lists_in_no_order_are_read_whole(graph: Graph, book: ThreadsBook, watch: Watch) -> None:
    def shuffled(members: list[Node]) -> list[Node]:
        return members[1::2] + members[::2]

    graph.order_of = dict.fromkeys(("conversation", "threads", "mentions"), shuffled)
    graph.most = 2
    everything(book)

    result = watch.one(NOW)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("th") == book.truths


@pytest.mark.parametrize("fault", each("null"))  # there are no batches on Threads
@pytest.mark.parametrize("place", ["threads", "mentions", "conversation", "pending_replies"])
def test_no_fault_makes_an_account_look_quiet(
    graph: Graph, book: ThreadsBook, watch: Watch, fault: str, place: str
) -> None:
    graph.most = 2
    everything(book)
    graph.trap(FAULTS[fault], path=f"/{place}")

    broken = watch.one(NOW)

    if book.truths.keys() - watch.stored.get("th", {}).keys() and not (
        place == "pending_replies" and fault in ("gone", "unknown field", "an empty error")  # posts without a queue
    ):
        assert broken.coverage is not Coverage.COMPLETE
        assert broken.troubles
    graph.traps = []
    mended = watch.one(NOW + DAY)
    assert mended.coverage is Coverage.COMPLETE
    assert watch.truths("th") == book.truths


def test_another_profiles_token_is_never_quiet(graph: Graph, book: ThreadsBook, watch_threads: Made) -> None:
    ThreadsBook(graph, "26009999", "THother", "grannen")

    result = watch_threads(graph, {"th": (book.id, "THother")}).one(NOW)

    assert result.coverage is Coverage.FAILED
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


def test_one_conversation_that_is_said_to_be_gone_with_its_post_still_there_is_a_trouble(
    graph: Graph, book: ThreadsBook, watch: Watch
) -> None:
    everything(book)
    graph.trap(FAULTS["gone"], path=f"{book.node.edges['threads'][1].id}/conversation")

    broken = watch.one(NOW)

    assert [(t.reason, t.stream) for t in broken.troubles] == [(Reason.INCOMPLETE, "comments")]
    graph.traps = []
    assert watch.one(NOW + HOUR).coverage is Coverage.COMPLETE
    assert watch.truths("th") == book.truths


def test_a_post_deleted_while_it_is_read_is_no_trouble(graph: Graph, book: ThreadsBook, watch: Watch) -> None:
    everything(book)
    post = book.node.edges["threads"][1]
    graph.trap(FAULTS["gone"], path=post.id)

    result = watch.one(NOW)

    below = {n.id for n in post.edges["conversation"]}
    assert result.coverage is Coverage.COMPLETE
    assert set(watch.stored["th"]) == set(book.truths) - below
