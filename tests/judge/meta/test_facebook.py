"""The Facebook adapter before an independent Graph: everything inbound is found once, and coverage tells the truth."""

from datetime import timedelta
from typing import Any

import pytest
from tests.judge.meta.book import ALEX, KIM, NOW, OTHER_PAGE, Made, PageBook, Watch
from tests.judge.meta.faults import FAULTS, each
from tests.judge.meta.graph import Asked, Graph, GraphFault, Node

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def watch(graph: Graph, page: PageBook, watch_facebook: Made) -> Watch:
    return watch_facebook(graph, {"fb": (page.id, page.token)})


def everything(page: PageBook) -> None:
    """Write one of each, in every shape the contract allows."""
    for day in range(6):
        post = page.post(NOW - DAY * (day + 1), f"Inlägg {day}")
        top = page.comment(post, NOW - DAY * day - HOUR * 9, f"Fråga {day}?")
        page.comment(post, NOW - DAY * day - HOUR * 8, "Svar", by=page.voice, under=top, bare_parent=day % 2 == 0)
        page.comment(post, NOW - DAY * day - HOUR * 7, "Utan avsändare", by=None, under=top, bare=True)
        page.comment(post, NOW - DAY * day - HOUR * 6, "Grannen hälsar", by=OTHER_PAGE, hidden=day == 1)
        page.comment(post, NOW - DAY * day - HOUR * 5, "Enskilt", private=True)
    guest = page.post(NOW - DAY, "Hål i vägen!", edge="visitor_posts", by=ALEX)
    said = page.comment(guest, NOW - HOUR * 5, "Vi tittar på det", by=page.voice)
    page.comment(guest, NOW - HOUR * 4, "Tack", by=ALEX, under=said)
    page.post(NOW - DAY, "Hej @Exempelkommun", edge="tagged", by=KIM)
    page.comment(page.video(NOW - DAY, "En film", edge="video_reels"), NOW - HOUR * 3, "Fin film?")
    page.comment(page.video(NOW - DAY, "Sändning", edge="live_videos"), NOW - HOUR * 3, "Hörs det?")
    page.comment(page.post(NOW - DAY, "Reklam", edge="ads_posts"), NOW - HOUR * 2, "Gäller det alla?")
    for talker in range(7):
        talk = page.conversation()
        for turn in range(5):
            page.message(talk, NOW - HOUR * (30 + talker - turn), f"Meddelande {talker}/{turn}", own=turn == 1)


def test_everything_is_found_once_and_exactly(page: PageBook, watch: Watch) -> None:
    everything(page)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("fb") == page.truths
    assert result.calls == len(watch.exchanges) - sum(e.is_part for e in watch.exchanges) == page.graph.requests


@pytest.mark.parametrize("nested", [1, 2, 3])
@pytest.mark.parametrize("has_cursors", [True, False])
def test_capped_pages_nested_and_not_are_followed_to_their_end(
    graph: Graph, page: PageBook, watch: Watch, nested: int, has_cursors: bool
) -> None:
    graph.most_nested, graph.most, graph.has_cursors = nested, nested + 1, has_cursors
    everything(page)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("fb") == page.truths


def test_a_new_reply_under_an_old_comment_of_an_old_post_is_found(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.most_nested = 5
    old = page.post(NOW - DAY * 29, "Gammalt")
    tops = [page.comment(old, NOW - DAY * 28 + HOUR * n, f"Fråga {n}") for n in range(30)]
    for day in range(40):
        page.post(NOW - HOUR * 12 * day, f"Nyare {day}")
    watch.one(NOW)
    page.comment(old, NOW + HOUR * 3, "Ännu en fråga?", by=ALEX, under=tops[2])
    page.comment(old, NOW + HOUR * 4, "Svar", by=page.voice, under=tops[2])

    result = watch.one(NOW + HOUR * 5)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


def test_lists_in_no_order_are_read_whole(graph: Graph, page: PageBook, watch: Watch) -> None:
    def shuffled(members: list[Node]) -> list[Node]:
        return members[1::2] + members[::2]

    graph.order_of = dict.fromkeys(("published_posts", "posts", "comments", "conversations", "visitor_posts"), shuffled)
    graph.most_nested = graph.most = 4
    everything(page)
    watch.one(NOW)
    for post in list(page.node.edges["published_posts"]):
        page.comment(post, NOW + HOUR, "Nyare fråga?")
    for talk in list(page.node.edges["conversations"]):
        page.message(talk, NOW + HOUR, "Nytt?")

    result = watch.one(NOW + HOUR * 2)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


def test_what_nobody_is_shown_is_counted_and_no_trouble(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.most_nested = graph.most = 3
    post = page.post(NOW - DAY)
    for n in range(20):
        node = page.comment(post, NOW - HOUR * (n + 1), f"Fråga {n}?")
        if n < 7 or n % 3 == 0:  # whole pages with nothing on them, and a next one
            node.is_shown = False
            del page.truths[node.id]

    result = watch.one(NOW)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


def test_deletions_between_pages_lose_nothing_else(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.most_nested = graph.most = 3
    post = page.post(NOW - DAY)
    nodes = [page.comment(post, NOW - HOUR * n, f"Fråga {n}?") for n in range(1, 20)]
    seen = graph.answer

    def answer(asked: Asked) -> Any:
        if "after" in asked.params and not nodes[9].is_deleted:
            page.withdraw(nodes[9])
            page.withdraw(nodes[2])
        return seen(asked)

    graph.answer = answer  # type: ignore[method-assign]
    page_before = dict(page.truths)

    result = watch.one(NOW)

    assert result.coverage is Coverage.COMPLETE
    assert page.truths.items() <= watch.truths("fb").items() <= page_before.items()


def test_many_long_conversations_out_of_order_are_read_whole(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.most_of["conversations"] = 4
    graph.order_of["conversations"] = lambda talks: talks[::-1]
    for talker in range(18):
        talk = page.conversation()
        for turn in range(5 + talker * 3):
            page.message(
                talk, NOW - HOUR * (60 - talker) - timedelta(minutes=turn), f"{talker}/{turn}", own=turn % 4 == 3
            )
    first = watch.one(NOW)
    assert watch.truths("fb") == page.truths
    talk = page.node.edges["conversations"][0]
    for turn in range(45):
        page.message(talk, NOW + timedelta(minutes=turn), f"Nytt {turn}?")

    second = watch.one(NOW + HOUR)

    assert (first.coverage, second.coverage) == (Coverage.COMPLETE, Coverage.COMPLETE)
    assert watch.truths("fb") == page.truths


@pytest.mark.parametrize("polls", [8])
def test_many_polls_over_days_find_everything_written_between(
    page: PageBook, graph: Graph, watch: Watch, polls: int
) -> None:
    graph.most_nested = 4
    everything(page)
    for poll in range(polls):
        at = NOW + HOUR * 7 * poll
        assert watch.one(at).coverage is Coverage.COMPLETE
        assert watch.truths("fb") == page.truths
        posts = page.node.edges["published_posts"]
        for n, post in enumerate(posts):
            if (n + poll) % 2:
                top = page.comment(post, at + HOUR, f"Fråga {poll}?", by=None if n % 3 == 0 else ALEX)
                page.comment(post, at + HOUR * 2, "Svar", by=page.voice, under=top)
        page.comment(page.post(at + HOUR * 3, "Nytt inlägg"), at + HOUR * 4, "Först!")
        page.message(page.node.edges["conversations"][poll % 7], at + HOUR * 5, "Hallå?")


# ---- edits, hiding, deletions ------------------------------------------------------------------------------------


def test_rechecks_see_edits_hiding_and_deletion(page: PageBook, watch: Watch) -> None:
    post = page.post(NOW - DAY)
    edited, hidden, deleted, kept = (page.comment(post, NOW - HOUR * n, f"Fråga {n}?") for n in range(1, 5))
    watch.one(NOW)
    edited.data["message"] = "Ändrad fråga?"
    hidden.data["is_hidden"] = True
    deleted.is_deleted = True
    stored = watch.stored["fb"]

    found = {r.external_id: r for r in watch.adapter.recheck(watch.accounts[0], list(stored.values()))}

    reread = found[edited.id].item
    assert reread is not None
    assert reread.text == "Ändrad fråga?"
    assert found[hidden.id].visibility == "hidden"
    assert found[deleted.id].visibility == "deleted"
    assert found[kept.id].visibility == "public"


def test_a_recheck_under_faults_calls_nothing_deleted(graph: Graph, page: PageBook, watch: Watch) -> None:
    post = page.post(NOW - DAY)
    comment = page.comment(post, NOW - HOUR)
    watch.one(NOW)
    for answer in (
        "null",
        "html",
        "cut",
        GraphFault(10, "(#10) permission"),
        GraphFault(100, "(#100) Object does not exist, cannot be loaded due to missing permission"),
        GraphFault(4, "limit"),
        GraphFault(190, "expired", subcode=463),
    ):
        graph.traps = []
        graph.trap(answer, path=comment.id)

        found = list(watch.adapter.recheck(watch.accounts[0], list(watch.stored["fb"].values())))

        assert all(r.visibility != "deleted" for r in found), answer


# ---- faults ------------------------------------------------------------------------------------------------------

PLACES = ["published_posts", "visitor_posts", "tagged", "conversations", "comments", "messages"]


@pytest.mark.parametrize("fault", each())
@pytest.mark.parametrize("place", PLACES)
def test_no_fault_makes_an_account_look_quiet(
    graph: Graph, page: PageBook, watch: Watch, fault: str, place: str
) -> None:
    """Whatever breaks wherever: what was not seen is not said to be, and is found when all is well again."""
    graph.most_nested = graph.most = 3
    everything(page)
    graph.trap(FAULTS[fault], path=f"/{place}")
    graph.trap(FAULTS[fault], fields=f"{place}.limit")

    broken = watch.one(NOW)
    missing = page.truths.keys() - watch.stored["fb"].keys()

    if missing:
        assert broken.coverage is not Coverage.COMPLETE
        assert broken.troubles
    graph.traps = []
    mended = watch.one(NOW + HOUR)
    assert mended.coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


@pytest.mark.parametrize("fault", each())
def test_a_fault_of_the_whole_batch_is_never_quiet(graph: Graph, page: PageBook, watch: Watch, fault: str) -> None:
    everything(page)
    graph.trap(FAULTS[fault], path="batch")

    broken = watch.one(NOW)

    if page.truths.keys() - watch.stored.get("fb", {}).keys():
        assert broken.coverage is not Coverage.COMPLETE
    graph.traps = []
    assert watch.one(NOW + HOUR).coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80001, 80006])
def test_a_throttled_page_is_left_alone_for_as_long_as_it_says(
    graph: Graph, page: PageBook, watch: Watch, code: int
) -> None:
    everything(page)
    watch.one(NOW)
    header = '{"900100200":[{"type":"pages","call_count":100,"estimated_time_to_regain_access":17}]}'
    graph.trap(GraphFault(code, "(#) limit", headers={"X-Business-Use-Case-Usage": header}), path="")
    graph.asked.clear()

    result = watch.one(NOW + HOUR)

    assert result.coverage is Coverage.FAILED
    assert {t.reason for t in result.troubles} == {Reason.RATE_LIMITED}
    assert {t.retry_after for t in result.troubles} == {timedelta(minutes=17)}
    assert len(graph.asked) <= 3  # each further call prolongs it


@pytest.mark.parametrize("most", [1, 2, 7])
def test_too_much_at_once_is_asked_for_in_smaller_steps(graph: Graph, page: PageBook, watch: Watch, most: int) -> None:
    everything(page)

    def is_much(asked: Asked) -> bool:
        sizes = [int(s.partition(")")[0]) for s in asked.fields.split("published_posts.limit(")[1:]]
        sizes += [int(asked.params["limit"])] if asked.edge == "published_posts" else []
        return bool(sizes) and max(sizes) > most

    reduce = GraphFault(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
    graph.trap(reduce, path="").fits = is_much

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.truths("fb") == page.truths


def test_a_slow_answer_is_a_trouble_and_costs_no_other(graph: Graph, page: PageBook, watch_facebook: Made) -> None:
    watch = watch_facebook(graph, {"fb": (page.id, page.token)}, tries=1, timeout_seconds=0.2)
    everything(page)
    graph.trap("slow", path="batch", times=1)

    slow = watch.one(NOW)

    assert slow.coverage is Coverage.FAILED
    assert {t.reason for t in slow.troubles} == {Reason.OUTAGE}
    assert watch.one(NOW + HOUR).coverage is Coverage.COMPLETE


# ---- tokens ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["user:77001", "app:912", "900999888"])
def test_a_token_that_is_not_the_pages_own_is_never_quiet(
    graph: Graph, page: PageBook, watch_facebook: Made, kind: str
) -> None:
    PageBook(graph, "900999888", "EAAneighbour")
    graph.tokens["EAAother"] = kind
    post = page.post(NOW - DAY)
    page.comment(post, NOW - HOUR)

    result = watch_facebook(graph, {"fb": (page.id, "EAAother")}).one(NOW)

    assert result.coverage is not Coverage.COMPLETE


@pytest.mark.parametrize("subcode", [458, 459, 460, 463, 467, 492, None])
def test_an_expired_token_needs_a_person(graph: Graph, page: PageBook, watch: Watch, subcode: int | None) -> None:
    everything(page)
    graph.expired[page.token] = (190, subcode)

    result = watch.one(NOW)

    assert result.coverage is Coverage.FAILED
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


@pytest.mark.parametrize("place", PLACES)
def test_a_permission_missing_for_one_list_costs_no_other(
    graph: Graph, page: PageBook, watch: Watch, place: str
) -> None:
    everything(page)
    graph.trap(FAULTS["permission"], path=f"/{place}")
    graph.trap(FAULTS["permission"], fields=f"{place}.")

    result = watch.one(NOW)

    assert result.coverage is Coverage.PARTIAL
    assert {t.reason for t in result.troubles} == {Reason.PERMISSION}
    held = {"conversations": "message", "messages": "message", "tagged": "mention"}.get(place)
    if held:
        expected = {k for k, t in page.truths.items() if t.kind != held}
        assert set(watch.stored["fb"]) >= expected


# ---- several Pages -----------------------------------------------------------------------------------------------


def test_one_pages_trouble_is_no_other_pages(graph: Graph, watch_facebook: Made) -> None:
    pages = {f"fb{n}": PageBook(graph, f"9002{n:03}", f"EAApage-{n}", f"Enhet {n}") for n in range(60)}
    for page in pages.values():
        page.comment(page.post(NOW - DAY), NOW - HOUR)
        page.message(page.conversation(), NOW - HOUR)
    graph.expired["EAApage-0"] = (190, 463)
    graph.trap(FAULTS["business limit"], token="EAApage-7")
    graph.trap("null", token="EAApage-8")
    graph.trap(FAULTS["html"], token="EAApage-9", path="conversations")
    watch = watch_facebook(graph, {key: (p.id, p.token) for key, p in pages.items()})
    watch.accounts = watch.accounts[:50]

    results = watch.poll(NOW)

    struck = {"fb0", "fb7", "fb8", "fb9"}
    assert {k for k, r in results.items() if r.coverage is not Coverage.COMPLETE} == struck
    for key in set(results) - struck:
        assert watch.truths(key) == pages[key].truths


def test_a_quiet_poll_of_forty_pages_takes_few_requests(graph: Graph, watch_facebook: Made) -> None:
    pages = {f"fb{n}": PageBook(graph, f"9002{n:03}", f"EAApage-{n}") for n in range(40)}
    for page in pages.values():
        page.comment(page.post(NOW - DAY), NOW - HOUR)
    watch = watch_facebook(graph, {key: (p.id, p.token) for key, p in pages.items()})
    watch.poll(NOW)
    graph.requests = 0

    results = watch.poll(NOW + HOUR)

    assert {r.coverage for r in results.values()} == {Coverage.COMPLETE}
    assert graph.requests <= 4


# ---- what changes, and what is told more than once ---------------------------------------------------------------


def test_an_edit_and_a_hiding_are_seen_with_the_next_days_first_poll(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.most_nested = graph.most = 3
    post = page.post(NOW - DAY * 5)
    nodes = [page.comment(post, NOW - HOUR * (n + 20), f"Fråga {n}?") for n in range(12)]
    watch.one(NOW)
    nodes[9].data["message"] = "Ändrad?"
    nodes[10].data["is_hidden"] = True

    watch.one(NOW + HOUR * 13)

    stored = watch.stored["fb"]
    assert stored[nodes[9].id].text == "Ändrad?"
    assert stored[nodes[10].id].visibility == "hidden"


def test_comments_under_single_photos_are_found_and_belong_to_the_post(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    post = page.post(NOW - DAY, "Bilder")
    photos = [graph.put(Node(str(88001 + n), "photo", {"created_time": "2026-11-19T12:00:00+0000"})) for n in range(2)]
    parts = [{"type": "photo", "target": {"id": p.id}} for p in photos]
    album = Node("88100", "attachment", {"type": "album", "subattachments": {"data": parts}})
    post.edges["attachments"] = [album]
    under = [page.comment(photo, NOW - HOUR, "Var är detta?") for photo in photos]

    result = watch.one(NOW)

    assert result.troubles == ()
    assert {watch.stored["fb"][c.id].root_id for c in under} == {post.id}


def test_an_answer_of_another_api_version_is_read_like_any_other(graph: Graph, page: PageBook, watch: Watch) -> None:
    everything(page)
    graph.usage = {"facebook-api-version": "v26.0"}

    assert watch.one(NOW).coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths


def test_usage_near_the_limit_is_heard_for_the_account_it_is_of(graph: Graph, page: PageBook, watch: Watch) -> None:
    everything(page)
    header = '{"900100200":[{"type":"pages","call_count":91,"total_time":12,"total_cputime":8}]}'
    graph.usage = {"X-Business-Use-Case-Usage": header}

    watch.one(NOW)

    parts = [e for e in watch.exchanges if e.is_part]
    assert parts
    assert {e.account for e in parts} == {"fb"}
    assert all(e.headers.get("x-business-use-case-usage") == header for e in parts)


def test_a_reply_whose_parent_is_spelled_short_stays_in_its_thread_when_the_parent_is_not_read_again(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.most_nested = 2
    post = page.post(NOW - DAY * 9)
    top = page.comment(post, NOW - DAY * 8)
    for n in range(20):
        page.comment(post, NOW - DAY * 2 + HOUR * n, f"Annat {n}?")
    watch.one(NOW)
    reply = page.comment(post, NOW + HOUR, "Svar", by=page.voice, under=top, bare_parent=True)

    watch.one(NOW + HOUR * 2)

    assert watch.stored["fb"][reply.id].thread_id == top.id
    assert watch.stored["fb"][reply.id].parent_id == top.id


def test_an_expansion_left_out_although_there_is_something_is_not_quiet(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    """The comments' field is missing from every post, as where the platform does not take it in a list."""
    post = page.post(NOW - DAY)
    page.comment(post, NOW - HOUR)
    seen = graph.answer

    def answer(asked: Asked) -> Any:
        found = seen(asked)
        if not isinstance(found, str) and "published_posts" in found[1]:
            for row in found[1]["published_posts"]["data"]:
                row.pop("comments", None)
        return found

    graph.answer = answer  # type: ignore[method-assign]

    result = watch.one(NOW)

    assert result.coverage is Coverage.COMPLETE
    assert watch.truths("fb") == page.truths
