"""What Meta's documentation leaves open about Pages, asked of a live one. Only reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.probing import (
    GraphReadings,
    authors,
    conversations,
    inbox_probes,
    moments,
    nested,
    order,
)
from watchdaemon_adapters._graph.values import Row, child_of, count_of, optional_id, optional_moment, rows_of
from watchdaemon_adapters._probing import Probe, Verdict, as_assumed, number, otherwise, plan_of, seen, untold

_COMMENTS: Final = (
    "comments.filter(stream).order(reverse_chronological).summary(true).limit(50){id,created_time,from{id},parent{id}}"
)
_POSTS: Final[Mapping[str, str]] = {"fields": f"id,created_time,updated_time,{_COMMENTS}", "limit": "10"}
_SMALLEST_LIST: Final = 50  # what is asked for under each post: a shorter list is a whole one


class PageReadings(GraphReadings):
    """What was read of one Page."""

    page_id: str = ""

    def posts(self) -> list[Row]:
        """Return the newest posts, with their newest comments."""
        return self.rows(f"{self.page_id}/published_posts", _POSTS)

    def comments(self) -> list[Row]:
        """Return all comments that came with them."""
        return [c for post in self.posts() for c in nested(post, "comments")]

    def inbox(self) -> list[Row]:
        """Return the newest conversations."""
        return conversations(self, self.page_id, "messenger")


def _counted(readings: PageReadings) -> Verdict:
    short = [p for p in readings.posts() if "comments" in p and len(nested(p, "comments")) < _SMALLEST_LIST]
    pairs = [
        (count_of(child_of(child_of(p, "comments"), "summary"), "total_count"), nested(p, "comments")) for p in short
    ]
    counted, listed = sum(count for count, _ in pairs), sum(len(rows) for _, rows in pairs)
    if not counted:
        return untold("no comment is counted under what was read")
    return seen(listed >= counted, f"{listed} of {number(counted, 'counted comment')} are listed")


def _since(readings: PageReadings) -> Verdict:
    for post in readings.posts():
        times = sorted(set(moments(nested(post, "comments"), "created_time")))
        post_id = optional_id(post)
        if len(times) > 1 and post_id is not None:
            return _since_of(readings, post_id, times)
    return untold("no post with comments at two different times")


def _since_of(readings: PageReadings, post_id: str, times: list[datetime]) -> Verdict:
    newest = times[-1]
    params = {
        "fields": "id,created_time",
        "filter": "stream",
        "order": "reverse_chronological",
        "since": str(int(newest.timestamp())),
        "limit": "50",
    }
    given = moments(readings.rows(f"{post_id}/comments", params), "created_time")
    if not given:
        return otherwise("a list from the newest comment on was empty")
    older = sum(m < newest for m in given)
    return seen(not older, f"{number(older, 'comment')} in the answer were written before the time that was asked for")


def _updated(readings: PageReadings) -> Verdict:
    told = []
    for post in readings.posts():
        updated, replies = (
            optional_moment(post, "updated_time"),
            [c for c in nested(post, "comments") if c.get("parent")],
        )
        newest = max(moments(replies, "created_time"), default=None)
        if updated is not None and newest is not None:
            told.append(updated >= newest)
    if not told:
        return untold("no reply under what was read")
    behind = len(told) - sum(told)
    return seen(not behind, f"{behind} of {number(len(told), 'post')} stayed behind their newest reply")


def _photos(readings: PageReadings) -> Verdict:
    params = {"fields": "id,created_time,attachments", "limit": "25"}
    for post in readings.rows(f"{readings.page_id}/posts", params):
        albums = [child_of(a, "subattachments") for a in rows_of(child_of(post, "attachments")) if isinstance(a, dict)]
        parts = [p for album in albums for p in rows_of(album) if isinstance(p, dict)]
        ids = [i for i in (optional_id(child_of(p, "target")) for p in parts if p.get("type") == "photo") if i]
        if len(ids) > 1:
            return _photos_of(readings, ids)
    return untold("no post with several photos among the newest")


def _photos_of(readings: PageReadings, ids: list[str]) -> Verdict:
    try:
        lists = [readings.get(f"{i}/comments", {"fields": "id", "summary": "true", "limit": "25"}) for i in ids[:3]]
    except AdapterError as error:
        if error.reason in (Reason.PERMISSION, Reason.UNSUPPORTED, Reason.GONE, Reason.MALFORMED):
            return otherwise(f"a photo's comments cannot be read: {error}")
        raise
    found = sum(count_of(child_of(answer, "summary"), "total_count") or len(rows_of(answer)) for answer in lists)
    return as_assumed(f"{number(len(lists), 'photo')} of one post answered with lists of their own ({found} in them)")


def _nested_inbox(readings: PageReadings) -> Verdict:
    plain = [optional_id(c) for c in readings.inbox()]
    if not plain:
        return untold("there is no conversation")
    field = "conversations.platform(messenger).limit(25){id}"
    try:
        page = readings.get(readings.page_id, {"fields": f"id,{field}"})
    except AdapterError as error:
        if error.reason in (Reason.MALFORMED, Reason.PERMISSION, Reason.UNSUPPORTED):
            return otherwise(f"the Page refuses them as a field: {error}")
        raise
    inside = [optional_id(c) for c in nested(page, "conversations")]
    return seen(inside == plain, f"{len(inside)} of {number(len(plain), 'conversation')} came as a field of the Page")


def _messages_shown(readings: PageReadings) -> Verdict:
    found = len(readings.inbox())
    if found:
        return as_assumed(f"{number(found, 'conversation')} on the first page")
    page = readings.get(readings.page_id, {"fields": "id,unread_message_count"})
    waiting = count_of(page, "unread_message_count")
    if waiting:
        return otherwise(f"the Page counts {number(waiting, 'unread message')}, and no conversation is listed")
    return untold("no conversation is listed, and the Page counts no unread message")


def _ids(readings: PageReadings) -> Verdict:
    comments = [i for i in map(optional_id, readings.comments()) if i]
    if not comments:
        return untold("no comment under what was read")
    long = [i for i in comments if "_" in i]
    short = (long or comments)[0].rpartition("_")[2]
    spelled = f"{len(long)} of {number(len(comments), 'id')} have their post's in front"
    if not long:
        return otherwise(spelled)
    try:
        answer = optional_id(readings.get(short, {"fields": "id"})) or ""
    except AdapterError as error:
        if error.reason in (Reason.GONE, Reason.MALFORMED, Reason.PERMISSION):
            return as_assumed(f"{spelled}; the last part alone is not understood")
        raise
    return as_assumed(
        f"{spelled}; the last part alone is understood, and answered {'with' if '_' in answer else 'without'} it"
    )


def _missing(readings: PageReadings) -> Verdict:
    try:
        readings.get(f"{readings.page_id}_1", {"fields": "id"})
    except MissingObjectError:
        return as_assumed("an id that cannot be answers with code 100, subcode 33")
    except AdapterError as error:
        if error.reason in (Reason.MALFORMED, Reason.PERMISSION, Reason.GONE, Reason.UNSUPPORTED):
            return otherwise(f"it answers with something else: {error}")
        raise
    return otherwise("it answers 200")


def _reviews(readings: PageReadings) -> Verdict:
    try:
        found = readings.rows(f"{readings.page_id}/ratings", {"fields": "created_time", "limit": "1"})
    except AdapterError as error:
        if error.reason is Reason.UNSUPPORTED:
            return as_assumed(str(error))
        if error.reason in (Reason.MALFORMED, Reason.PERMISSION, Reason.GONE):
            return otherwise(f"refused, but not as withdrawn: {error}")
        raise
    return otherwise(f"the list answers ({number(len(found), 'review')} on a page of one)")


def _texts(readings: PageReadings) -> Verdict:
    page = readings.get(readings.page_id, {"fields": "id,about,bio,description"})
    filled = [name for name in ("about", "bio", "description") if page.get(name)]
    if not filled:
        return untold("the Page shows no text about itself")
    return seen(bool({"about", "description"} & set(filled)), f"filled: {', '.join(filled)}")


PROBES: Final[tuple[Probe[PageReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="comment-authors",
            question="Is the author shown with visitors' comments?",
            assumed="Authors are named; the Page's own comments are known by their author.",
            otherwise="Without Advanced Access to pages_read_user_content Meta leaves authors out: such a comment is "
            "an unknown visitor's, never the Page's own, and waits for an answer like any other. Ask Meta for review.",
        ),
        ask=lambda r: authors(r, r.comments()),
    ),
    Probe(
        unknown=Unknown(
            name="comment-order",
            question="Do flat lists of comments come newest first when asked for so?",
            assumed="Reading a list ends at what was known; once a day all of it is read.",
            otherwise="The order is watched in the times: such lists are read to the end. Costs calls only.",
        ),
        ask=lambda r: order([nested(p, "comments") for p in r.posts()], "created_time", "comments"),
    ),
    Probe(
        unknown=Unknown(
            name="counted-comments",
            question="Is every counted comment listed?",
            assumed="What is counted is what was read.",
            otherwise="Some are kept from the app (privacy, deletion, or access): more than a few make the fetch "
            "partial. Look at the post on Facebook.",
        ),
        ask=_counted,
    ),
    Probe(
        unknown=Unknown(
            name="comment-since",
            question="Does `since` on a list of comments mean the time of writing?",
            assumed="It would save calls; the daemon does not use it, and keeps its own mark.",
            otherwise="Nothing: the daemon does not use it, and keeps its own mark.",
        ),
        ask=_since,
    ),
    Probe(
        unknown=Unknown(
            name="updated-time",
            question="Does a post's updated_time move with a new reply?",
            assumed="A post without shown comments that did not move is not asked again until the daily sweep.",
            otherwise="Comments are read with every post all the same; a change that only the time would show is found "
            "in the daily sweep.",
        ),
        ask=_updated,
    ),
    Probe(
        unknown=Unknown(
            name="photo-comments",
            question="Do photos inside a post with several have comments of their own?",
            assumed="They are read once a day, with `photos = true`.",
            otherwise="Nothing hangs there that could be read; `photos = false` spares the calls.",
        ),
        ask=_photos,
    ),
    *inbox_probes(PageReadings.inbox),
    Probe(
        unknown=Unknown(
            name="messages-shown",
            question="Does the app see messages of people without a role in it?",
            assumed="Messenger is read like everything else.",
            otherwise="Without Advanced Access to pages_messaging the inbox looks empty: ask Meta for the review, or "
            'say `extra.messages = "off"` and watch it by hand.',
        ),
        ask=_messages_shown,
    ),
    Probe(
        unknown=Unknown(
            name="nested-conversations",
            question="Can conversations be asked for as a field of the Page?",
            assumed="One call in fifty could be spared; the daemon asks for the list itself.",
            otherwise="Nothing: the daemon asks for the list itself.",
        ),
        ask=_nested_inbox,
    ),
    Probe(
        unknown=Unknown(
            name="comment-ids",
            question="Do comments' ids begin with their post's?",
            assumed="Ids are compared by their last part as well, so that both spellings are one comment.",
            otherwise="The same: the last part alone is compared.",
        ),
        ask=_ids,
    ),
    Probe(
        unknown=Unknown(
            name="missing-objects",
            question="Is what is gone answered with code 100 and subcode 33?",
            assumed="Asked for again by its id, such a comment counts as gone.",
            otherwise="A recheck says that it could not be read, and the item stays as it was.",
        ),
        ask=_missing,
    ),
    Probe(
        unknown=Unknown(
            name="reviews",
            question="Are reviews withdrawn (code 12)?",
            assumed="The matrix says that reviews are not covered.",
            otherwise="They may be readable after all: tell the project; until then a person looks.",
        ),
        ask=_reviews,
    ),
    Probe(
        unknown=Unknown(
            name="profile-text",
            question="Which field holds the Page's presentation?",
            assumed="`about` and `description` are read.",
            otherwise="Only `bio` is filled, which is not read: the profile's check sees no text.",
        ),
        ask=_texts,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=14)
