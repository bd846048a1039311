"""Every question is answered both ways: the sandbox behaves as assumed, is made to behave otherwise, and says nothing.

One server, small worlds; costs some 5 seconds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.probing.conftest import KEY, PLUGINS, Body, Office, Query
from tests.probing.page import renewed

from watchdaemon.domain.probe import Told
from watchdaemon.ports import Probes

Answer = Callable[[str, Query, Body], Body]
PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"


# ---- ways to behave otherwise ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twist:
    """What the sandbox does otherwise."""

    answer: Answer | None = None
    refuses: str = ""
    drops: str = ""
    headers: Callable[[dict[str, str]], dict[str, str]] | None = None

    def apply(self, office: Office) -> None:
        """Have the office do so from now on."""
        office.answer = self.answer
        if self.refuses:
            office.ask = lambda path, query: None if path.endswith(self.refuses) else query
        if self.drops:
            office.ask = lambda _, query: {k: v for k, v in query.items() if k != self.drops}
        if self.headers is not None:
            office.headers = self.headers


def each(change: Callable[[dict[str, Any]], object], *, at: str = "") -> Answer:
    """Change every object, however deep, of the answers at paths that end so."""

    def walk(value: Body) -> None:
        if isinstance(value, dict):
            change(value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(inner)

    def answer(path: str, _: Query, body: Body) -> Body:
        if path.endswith(at):
            walk(body)
        return body

    return answer


def lists(change: Callable[[list[Any]], list[Any]], key: str = "data", *, at: str = "") -> Answer:
    """Change every list of that name."""

    def one(value: dict[str, Any]) -> None:
        if isinstance(value.get(key), list):
            value[key] = change(value[key])

    return each(one, at=at)


def backwards(rows: list[Any]) -> list[Any]:
    """Turn a list over."""
    return rows[::-1]


def mixed(rows: list[Any]) -> list[Any]:
    """Put the first in the middle."""
    return [*rows[1:2], *rows[:1], *rows[2:]]


def without(*names: str) -> Callable[[dict[str, Any]], object]:
    """Leave fields out."""
    return lambda row: [row.pop(name, None) for name in names]


def setting(name: str, value: object, *, of: str = "id") -> Callable[[dict[str, Any]], object]:
    """Set a field of each object that has another."""
    return lambda row: row.update({name: value}) if of in row else None


def renamed(row: dict[str, Any]) -> None:
    """Spell X's fields the new way."""
    for old, new in (("referenced_tweets", "referenced_posts"), ("edit_history_tweet_ids", "edit_history_post_ids")):
        if old in row:
            row[new] = row.pop(old)


def shortened(row: dict[str, Any]) -> None:
    """Leave the post out of a comment's id."""
    if "parent" in row or ("from" in row and "created_time" in row):
        row["id"] = row["id"].rpartition("_")[2]


def counted_more(row: dict[str, Any]) -> None:
    """Count a comment that nobody is shown."""
    for name in ("total_count", "comments_count"):
        if name in row:
            row[name] += 1


def never_hidden(row: dict[str, Any]) -> None:
    """Leave hidden comments out, and count them all the same."""
    if isinstance(row.get("data"), list):
        row["data"] = [r for r in row["data"] if not (isinstance(r, dict) and r.get("hidden"))]


def unread(path: str, _: Query, body: Body) -> Body:
    """Show no conversation, and count what is unread in them."""
    if path.endswith("/conversations"):
        return {"data": []}
    return body | {"unread_message_count": 3} if "data" not in body else body


def only_bio(row: dict[str, Any]) -> None:
    """Keep the presentation in the one field that is not read."""
    if "about" in row:
        row["bio"] = row.pop("about")


def held_among_others(path: str, query: Query, body: Body) -> Body:
    """Let the list of replies show those that are held, too."""
    if path.endswith("/comments") and body.get("items"):
        row = body["items"][0]
        body["items"] += [{**row, "id": held} for held in HELD_IDS]
    for thread in body.get("items", []) if query.get("moderationStatus") == "heldForReview" else []:
        replies = thread.get("replies", {}).get("comments", [])
        HELD_IDS.extend(r["id"] for r in replies if r["snippet"].get("moderationStatus") == "heldForReview")
    return body


HELD_IDS: list[str] = []


def deeper(row: dict[str, Any]) -> None:
    """Let a reply stand under another one."""
    if "parentId" in row:
        row["parentId"] += ".deeper"


def lowered(names: Mapping[str, str] | None = None, *, without: str = "") -> Callable[[dict[str, str]], dict[str, str]]:
    """Change the headers: other values for some names, and none of those that begin so."""
    other = names or {}

    def change(headers: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in headers.items() if not (without and k.startswith(without))}
        return {k: other.get(k, v) for k, v in kept.items()}

    return change


OTHERWISE: dict[tuple[str, str], Twist] = {
    ("facebook", "comment-authors"): Twist(each(without("from"), at="published_posts")),
    ("facebook", "comment-order"): Twist(lists(backwards, at="published_posts")),
    ("facebook", "counted-comments"): Twist(each(counted_more)),
    ("facebook", "comment-since"): Twist(drops="since"),
    ("facebook", "updated-time"): Twist(each(setting("updated_time", "2026-11-01T00:00:00+0000", of="updated_time"))),
    ("facebook", "photo-comments"): Twist(refuses="/comments"),
    ("facebook", "conversation-order"): Twist(lists(backwards, at="/conversations")),
    ("facebook", "hand-written-messages"): Twist(each(without("from"), at="/conversations")),
    ("facebook", "messages-shown"): Twist(unread),
    ("facebook", "nested-conversations"): Twist(each(without("conversations"))),
    ("facebook", "comment-ids"): Twist(each(shortened, at="published_posts")),
    ("facebook", "missing-objects"): Twist(refuses="_1"),
    ("facebook", "reviews"): Twist(refuses="/ratings"),
    ("facebook", "profile-text"): Twist(each(only_bio)),
    ("instagram", "comment-authors"): Twist(each(without("from"))),
    ("instagram", "comment-order"): Twist(lists(backwards, at="/media")),
    ("instagram", "hidden-comments"): Twist(each(never_hidden)),
    ("instagram", "counted-comments"): Twist(each(counted_more)),
    ("instagram", "beyond-fifty"): Twist(lists(lambda _: [], at="/comments")),
    ("instagram", "conversation-order"): Twist(lists(backwards, at="/conversations")),
    ("instagram", "hand-written-messages"): Twist(each(without("from"), at="/conversations")),
    ("threads", "mentions"): Twist(refuses="/mentions"),
    ("threads", "list-ends"): Twist(),
    ("threads", "conversation-order"): Twist(lists(mixed, at="/conversation")),
    ("threads", "own-replies"): Twist(each(without("is_reply_owned_by_me"))),
    ("threads", "token-debugger"): Twist(refuses="debug_token"),
    ("x", "field-names"): Twist(each(renamed)),
    ("x", "rate-headers"): Twist(headers=lowered(without="x-rate-limit")),
    ("x", "search"): Twist(refuses="search/recent"),
    ("x", "message-order"): Twist(lists(backwards, at="dm_events")),
    ("x", "own-messages"): Twist(each(without("sender_id"), at="dm_events")),
    ("youtube", "uploads-order"): Twist(lists(backwards, "items", at="playlistItems")),
    ("youtube", "reply-order"): Twist(lists(mixed, "items", at="v3/comments")),
    ("youtube", "reply-levels"): Twist(each(deeper, at="v3/comments")),
    ("youtube", "held-replies"): Twist(held_among_others),
    ("youtube", "held-shown"): Twist(each(without("replies"))),
    ("mastodon", "rate-reset"): Twist(headers=lowered({"x-ratelimit-reset": "1795435200"})),
    ("mastodon", "instance-version"): Twist(each(setting("version", "2.7.2 (compatible; Pleroma 2.6)", of="version"))),
    ("mastodon", "many-statuses"): Twist(refuses="v1/statuses"),
    ("bluesky", "rate-headers"): Twist(headers=lowered(without="ratelimit")),
    ("bluesky", "mention-search"): Twist(lists(lambda _: [], "posts", at="searchPosts")),
    ("bluesky", "app-password"): Twist(),  # the account's own password instead: see `own_password`
}


def own_password(office: Office) -> None:
    """Let the credential's password be the account's own."""
    mine = office.world.account(KEY)
    tokens = tuple(replace(t, scopes=frozenset({"main"})) for t in mine.tokens)
    office.world.put_account(replace(mine, tokens=tokens))


def tells_next(path: str, _: Query, body: Body) -> Body:
    """Say where a list of Threads goes on."""
    if path.endswith("me/threads"):
        body["paging"]["next"] = "https://graph.threads.net/v1.0/more"
    return body


# ---- the three answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLUGINS)
def test_on_a_lively_account_every_question_is_told_as_assumed(platform: str, office: Office) -> None:
    office.play(platform)
    office.answer = tells_next if platform == "threads" else None
    told = {name: answer.told for name, answer in office.probe(platform).items()}

    assert told == dict.fromkeys(told, Told.AS_ASSUMED)
    assert {name for p, name in OTHERWISE if p == platform} == set(told)


@pytest.mark.parametrize(("platform", "question"), OTHERWISE, ids=lambda part: part)
def test_where_the_platform_behaves_otherwise_that_is_told(platform: str, question: str, office: Office) -> None:
    HELD_IDS.clear()
    office.play(platform)
    if question == "app-password":
        own_password(office)
    OTHERWISE[platform, question].apply(office)
    answer = office.probe(platform)[question]

    assert answer.told is Told.OTHERWISE, answer.evidence
    assert answer.evidence


@pytest.mark.parametrize("platform", PLUGINS)
def test_on_an_account_without_anything_nothing_is_made_up(platform: str, office: Office) -> None:
    office.play(platform, is_quiet=True)
    answers = office.probe(platform)
    told = {name for name, answer in answers.items() if answer.told is not Told.UNTOLD}

    assert told <= TOLD_BY_SILENCE.get(platform, frozenset())
    assert all(answer.evidence for answer in answers.values())


TOLD_BY_SILENCE = {
    "facebook": {"missing-objects", "reviews"},
    "threads": {"mentions", "token-debugger"},
    "x": {"rate-headers", "search"},
    "mastodon": {"rate-reset", "instance-version"},
    "bluesky": {"app-password", "rate-headers"},
}
"""What an account tells that nobody has written to: it lies in the platform, not in what is there."""


# ---- sparing, harmless, discreet ---------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLUGINS)
def test_it_only_reads_and_takes_no_more_calls_than_were_announced(platform: str, office: Office) -> None:
    office.play(platform)
    before = office.world.all_items()
    adapter = office.adapter(platform)
    assert isinstance(adapter, Probes)
    plan = adapter.probe_plan(office.account(platform))
    answers = office.probe(platform)
    asked = [sent for sent in office.sent if not sent[1].endswith("createSession")]

    assert {method for method, _ in asked} == {"GET"}
    assert len(office.exchanges) <= plan.most_calls
    assert [u.name for u in plan.unknowns] == list(answers)
    assert office.world.all_items() == before


@pytest.mark.parametrize("platform", PLUGINS)
def test_when_the_platform_is_away_it_is_asked_once_and_all_is_untold(platform: str, office: Office) -> None:
    office.play(platform)
    adapter = office.adapter_at(platform, "http://127.0.0.1:9/")
    assert isinstance(adapter, Probes)
    office.exchanges.clear()
    answers = list(adapter.probe(office.account(platform)))

    assert {a.told for a in answers} == {Told.UNTOLD}
    assert len(office.exchanges) == 1
    assert "no usable answer" in answers[-1].evidence


@pytest.mark.parametrize("platform", PLUGINS)
def test_evidence_names_nobody_and_quotes_nothing(platform: str, office: Office) -> None:
    office.play(platform)
    items = office.world.all_items()
    secrets = {i.id for i in items} | {i.author_name for i in items} | {i.author_id for i in items if not i.by_account}
    said = " ".join(answer.evidence for answer in office.probe(platform).values())

    assert not [secret for secret in secrets if secret in said]


def test_x_says_what_it_costs_and_costs_no_more(office: Office) -> None:
    office.play("x")
    adapter = office.adapter("x")
    assert isinstance(adapter, Probes)
    office.probe("x")
    prices = [(e.returned, 0.010 if e.path.endswith("dm_events") else 0.005) for e in office.exchanges]
    dollars = sum(price * count for returned, price in prices for count in returned.values())

    assert all(set(returned) == {"data"} for returned, _ in prices)  # nothing is expanded, which is billed besides
    assert 0 < dollars <= adapter.probe_plan(office.account("x")).most_dollars


def test_the_page_has_every_question_in_the_adapters_own_words() -> None:
    page = PAGE.read_text("utf-8")

    assert renewed(page) == page, "run: python -m tests.probing docs/doctor.md"
