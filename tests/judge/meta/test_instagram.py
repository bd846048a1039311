"""The Instagram adapter before an independent Graph: everything inbound is found once, and coverage tells the truth."""

from datetime import timedelta

import pytest
from tests.judge.meta.book import ALEX, KIM, NOW, GramBook, Made, PageBook, Watch
from tests.judge.meta.faults import FAULTS, each
from tests.judge.meta.graph import Graph, GraphFault, Node

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def gram(page: PageBook) -> GramBook:
    return GramBook(page, "17841400700")


@pytest.fixture
def watch(graph: Graph, gram: GramBook, watch_instagram: Made) -> Watch:
    return watch_instagram(graph, {"ig": (gram.id, gram.page.token)}, extras={"ig": {"page_id": gram.page.id}})


def everything(gram: GramBook) -> None:
    """Write one of each, in every shape the contract allows."""
    for day in range(6):
        media = gram.media(NOW - DAY * (day + 1), f"Bild {day}")
        top = gram.comment(media, NOW - DAY * day - HOUR * 9, f"Fråga {day}?")
        for reply in range(day):
            gram.comment(media, NOW - DAY * day - HOUR * 8 + timedelta(minutes=reply), f"Mer {reply}", under=top)
        gram.comment(
            media, NOW - DAY * day - HOUR * 7, "Svar", by=gram.voice, under=top, shows=["from", "user"][day % 2]
        )
        gram.comment(media, NOW - DAY * day - HOUR * 6, "Utan id", by=ALEX, shows="username", hidden=day == 1)
        gram.comment(media, NOW - DAY * day - HOUR * 5, "Eget", by=gram.voice, shows="username")
    gram.media(NOW - DAY, "Hej @exempelkommun", edge="tags", by=KIM)
    for talker in range(5):
        talk = gram.page.conversation("instagram")
        for turn in range(4):
            gram.message(talk, NOW - HOUR * (30 + talker - turn), f"Meddelande {talker}/{turn}", own=turn == 1)


def test_everything_is_found_once_and_exactly(gram: GramBook, watch: Watch) -> None:
    everything(gram)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("ig") == gram.truths
    assert result.calls == gram.graph.requests


@pytest.mark.parametrize("nested", [1, 2, 3])
@pytest.mark.parametrize("has_cursors", [True, False])
def test_capped_pages_nested_and_not_are_followed_to_their_end(
    graph: Graph, gram: GramBook, watch: Watch, nested: int, has_cursors: bool
) -> None:
    graph.has_cursors = has_cursors
    graph.most_of = {"media": nested, "comments": nested, "replies": nested, "tags": nested, "conversations": nested}
    everything(gram)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("ig") == gram.truths


def test_many_polls_over_days_find_everything_written_between(graph: Graph, gram: GramBook, watch: Watch) -> None:
    graph.most_of = {"comments": 3, "replies": 2}
    everything(gram)
    for poll in range(8):
        at = NOW + HOUR * 7 * poll
        assert watch.one(at).coverage is Coverage.COMPLETE
        assert watch.truths("ig") == gram.truths
        for n, media in enumerate(gram.node.edges["media"]):
            if (n + poll) % 2:
                tops = [c for c in media.edges["comments"] if not c.is_deleted]
                gram.comment(media, at + HOUR, f"Under gammal {poll}?", by=ALEX, under=tops[poll % len(tops)])
                gram.comment(media, at + HOUR * 2, f"Ny {poll}?")
        gram.comment(gram.media(at + HOUR * 3, "Ny bild"), at + HOUR * 4, "Först!")
        gram.message(gram.page.node.edges["conversations"][poll % 5], at + HOUR * 5, "Hallå?")


def test_a_deletion_and_a_new_comment_leave_the_number_but_hide_nothing_for_a_day(
    graph: Graph, gram: GramBook, watch: Watch
) -> None:
    graph.most_of = {"comments": 3, "replies": 2}
    media = gram.media(NOW - DAY)
    tops = [gram.comment(media, NOW - HOUR * (20 - n), f"Fråga {n}?") for n in range(9)]
    watch.one(NOW)
    tops[0].is_deleted = True
    media.data["comments_count"] -= 1
    gram.comment(media, NOW + HOUR, "Långt ner?", under=tops[1])

    watch.one(NOW + HOUR * 2)
    result = watch.one(NOW + HOUR * 13)  # the next day's first

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("ig") == gram.truths


def test_whole_pages_of_unseen_comments_are_followed(graph: Graph, gram: GramBook, watch: Watch) -> None:
    graph.most_of = {"comments": 3}
    media = gram.media(NOW - DAY)
    for n in range(20):
        node = gram.comment(media, NOW - HOUR * (n + 1), f"Fråga {n}?")
        if n < 7 or n % 3 == 0:
            node.is_shown = False
            del gram.truths[node.id]

    result = watch.one(NOW)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("ig") == gram.truths


def test_lists_in_no_order_are_read_whole(graph: Graph, gram: GramBook, watch: Watch) -> None:
    def shuffled(members: list[Node]) -> list[Node]:
        return members[1::2] + members[::2]

    graph.order_of = dict.fromkeys(("media", "comments", "replies", "conversations"), shuffled)
    graph.most_of = dict.fromkeys(("media", "comments", "replies", "conversations"), 2)
    everything(gram)
    watch.one(NOW)
    for media in list(gram.node.edges["media"]):
        gram.comment(media, NOW + HOUR, "Nyare fråga?")
    for talk in list(gram.page.node.edges["conversations"]):
        gram.message(talk, NOW + HOUR, "Nytt?")

    result = watch.one(NOW + HOUR * 2)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("ig") == gram.truths


def test_more_messages_than_the_platform_shows_are_a_trouble(gram: GramBook, watch: Watch) -> None:
    talk = gram.page.conversation("instagram")
    for turn in range(15):
        gram.message(talk, NOW - HOUR + timedelta(minutes=turn), f"{turn}")
    assert watch.one(NOW).coverage is Coverage.COMPLETE
    for turn in range(25):
        gram.message(talk, NOW + timedelta(minutes=turn), f"Nytt {turn}")

    result = watch.one(NOW + HOUR)

    assert len(watch.stored["ig"]) == 35
    assert [t.reason for t in result.troubles] == [Reason.INCOMPLETE]


PLACES = ["media", "tags", "comments", "replies", "conversations"]


@pytest.mark.parametrize("fault", each())
@pytest.mark.parametrize("place", PLACES)
def test_no_fault_makes_an_account_look_quiet(
    graph: Graph, gram: GramBook, watch: Watch, fault: str, place: str
) -> None:
    """Whatever breaks wherever: what was not seen is not said to be, and is found when all is well again."""
    graph.most_of = dict.fromkeys(("media", "comments", "replies"), 2)
    everything(gram)
    graph.trap(FAULTS[fault], path=f"/{place}")
    graph.trap(FAULTS[fault], fields=f"{place}.limit", path=gram.id)

    broken = watch.one(NOW)

    if gram.truths.keys() - watch.stored.get("ig", {}).keys():
        assert broken.coverage is not Coverage.COMPLETE
        assert broken.troubles
    graph.traps = []
    mended = watch.one(NOW + HOUR)
    assert mended.coverage is Coverage.COMPLETE
    assert watch.truths("ig") == gram.truths


@pytest.mark.parametrize("most", [1, 2, 7])
def test_too_much_at_once_is_asked_for_in_smaller_steps(graph: Graph, gram: GramBook, watch: Watch, most: int) -> None:
    everything(gram)
    reduce = GraphFault(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
    graph.trap(reduce).fits = lambda asked: (
        (asked.edge == "media" and int(asked.params["limit"]) > most) or "media.limit" in asked.fields
    )

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("ig") == gram.truths


def test_a_token_that_does_not_open_the_account_is_never_quiet(graph: Graph, gram: GramBook, watch: Watch) -> None:
    everything(gram)
    graph.trap(FAULTS["gone"], path=gram.id)

    result = watch.one(NOW)

    assert result.coverage is Coverage.FAILED


@pytest.mark.parametrize("subcode", [458, 460, 463, 467, None])
def test_an_expired_token_needs_a_person(graph: Graph, gram: GramBook, watch: Watch, subcode: int | None) -> None:
    everything(gram)
    graph.expired[gram.page.token] = (190, subcode)

    result = watch.one(NOW)

    assert result.coverage is Coverage.FAILED
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


def test_rechecks_see_edits_hiding_and_deletion(gram: GramBook, watch: Watch) -> None:
    media = gram.media(NOW - DAY)
    hidden, deleted, kept = (gram.comment(media, NOW - HOUR * n, f"Fråga {n}?") for n in range(1, 4))
    watch.one(NOW)
    hidden.data["hidden"] = True
    deleted.is_deleted = True

    found = {r.external_id: r for r in watch.adapter.recheck(watch.accounts[0], list(watch.stored["ig"].values()))}

    assert [found[n.id].visibility for n in (hidden, deleted, kept)] == ["hidden", "deleted", "public"]


def test_one_medias_comments_called_gone_with_the_media_still_there_are_a_trouble(
    graph: Graph, gram: GramBook, watch: Watch
) -> None:
    graph.most_of = {"comments": 2}
    everything(gram)
    graph.trap(FAULTS["gone"], path=f"{gram.node.edges['media'][2].id}/comments")

    broken = watch.one(NOW)

    assert [(t.reason, t.stream) for t in broken.troubles] == [(Reason.INCOMPLETE, "comments")]
    graph.traps = []
    assert watch.one(NOW + HOUR).coverage is Coverage.COMPLETE
    assert watch.truths("ig") == gram.truths


def test_a_comment_deleted_between_its_own_and_its_replies_page_costs_no_other(
    graph: Graph, gram: GramBook, watch: Watch
) -> None:
    graph.most_of = {"replies": 2}
    media = gram.media(NOW - DAY)
    tops = [gram.comment(media, NOW - HOUR * (n + 5), f"Fråga {n}?") for n in range(4)]
    for n in range(5):
        gram.comment(media, NOW - HOUR + timedelta(minutes=n), f"Mer {n}?", under=tops[1])
    graph.trap(FAULTS["gone"], path=tops[1].id)

    result = watch.one(NOW)

    unread = {n.id for n in tops[1].edges["replies"][:-2]}
    assert result.coverage is Coverage.COMPLETE
    assert set(watch.stored["ig"]) == set(gram.truths) - unread
