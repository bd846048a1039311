"""What Meta's documentation leaves open about Instagram, asked of a live account. Only reads."""

from collections.abc import Mapping
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._graph.probing import GraphReadings, authors, conversations, inbox_probes, nested, order
from watchdaemon_adapters._graph.values import Row, child_of, count_of, optional_id
from watchdaemon_adapters._probing import Probe, Verdict, as_assumed, number, otherwise, plan_of, seen, untold

_REPLIES: Final = "replies.limit(50){id,timestamp,from,hidden}"
_COMMENTS: Final = f"comments.limit(50){{id,timestamp,from,hidden,{_REPLIES}}}"
_MEDIA: Final[Mapping[str, str]] = {"fields": f"id,timestamp,comments_count,{_COMMENTS}", "limit": "10"}
_PAGE: Final = 50  # the most comments in one answer (IG Media comments reference)


class AccountReadings(GraphReadings):
    """What was read of one account."""

    native_id: str = ""
    page_id: str | None = None

    def media(self) -> list[Row]:
        """Return the newest media, with their comments."""
        return self.rows(f"{self.native_id}/media", _MEDIA)

    def comments(self) -> list[Row]:
        """Return all comments and replies that came with them."""
        return _with_replies(self.media())

    def inbox(self) -> list[Row]:
        """Return the newest conversations, which hang on the Page."""
        if self.page_id is None:
            raise AdapterError(
                "the account names no Page (extra.page_id)", platform="instagram", reason=Reason.UNSUPPORTED
            )
        return conversations(self, self.page_id, "instagram")


def _with_replies(media: list[Row]) -> list[Row]:
    tops = [c for m in media for c in nested(m, "comments")]
    return tops + [r for c in tops for r in nested(c, "replies")]


def _hidden(readings: AccountReadings) -> Verdict:
    comments = readings.comments()
    hidden = sum(c.get("hidden") is True for c in comments)
    if hidden:
        return as_assumed(f"{hidden} of {number(len(comments), 'comment')} are hidden, and listed")
    counted, listed = _counts(readings)
    if counted > listed:
        return otherwise(f"none of {listed} listed comments is hidden, and {counted - listed} more are counted")
    return untold(f"none of {number(len(comments), 'comment')} is hidden: hide one in the app, and ask again")


def _counted(readings: AccountReadings) -> Verdict:
    counted, listed = _counts(readings)
    if not counted:
        return untold("no comment is counted under what was read")
    return seen(listed >= counted, f"{listed} of {number(counted, 'counted comment')} are listed")


def _counts(readings: AccountReadings) -> tuple[int, int]:
    """Return how many comments are counted, and how many listed, under media whose lists came whole."""
    counted = listed = 0
    for media in readings.media():
        tops = nested(media, "comments")
        if len(tops) < _PAGE and all(len(nested(c, "replies")) < _PAGE for c in tops):
            counted += count_of(media, "comments_count")
            listed += len(_with_replies([media]))
    return counted, listed


def _beyond(readings: AccountReadings) -> Verdict:
    for media in readings.media():
        comments = child_of(media, "comments")
        media_id, after = optional_id(media), child_of(child_of(comments, "paging"), "cursors").get("after")
        if len(nested(media, "comments")) >= _PAGE and media_id and isinstance(after, str):
            more = readings.rows(f"{media_id}/comments", {"fields": "id", "limit": str(_PAGE), "after": after})
            new = {optional_id(c) for c in more} - {optional_id(c) for c in nested(media, "comments")}
            is_expected = count_of(media, "comments_count") > len(_with_replies([media]))
            if not is_expected and not new:
                return untold("a full page, and none is counted beyond it")
            return seen(bool(new), f"the second page brought {number(len(new), 'comment')}")
    return untold("no media with fifty comments or more among the newest")


PROBES: Final[tuple[Probe[AccountReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="comment-authors",
            question="Is the author shown with others' comments?",
            assumed="Authors are named; the account's own comments are known by id or username.",
            otherwise="Such a comment is an unknown visitor's unless its username is the account's own.",
        ),
        ask=lambda r: authors(r, r.comments()),
    ),
    Probe(
        unknown=Unknown(
            name="comment-order",
            question="Do comments come newest first?",
            assumed="A list ends where its `next` ends; the order only spares pages.",
            otherwise="The same: all pages are read. Costs calls only.",
        ),
        ask=lambda r: order([nested(m, "comments") for m in r.media()], "timestamp", "comments"),
    ),
    Probe(
        unknown=Unknown(
            name="hidden-comments",
            question="Are comments that the account hid still listed?",
            assumed="They are kept, as hidden.",
            otherwise="They drop out of the lists; asked for by id they show as gone, and stay in the counts.",
        ),
        ask=_hidden,
    ),
    Probe(
        unknown=Unknown(
            name="counted-comments",
            question="Is every counted comment listed?",
            assumed="What is counted is what was read.",
            otherwise="Comments by restricted people, under age-gated media or hidden ones are kept from the app: more "
            "than a few make the fetch partial. Look at the media in the app.",
        ),
        ask=_counted,
    ),
    Probe(
        unknown=Unknown(
            name="beyond-fifty",
            question="Does paging go on beyond fifty comments?",
            assumed="All pages are followed.",
            otherwise="The fetch is partial wherever more are counted than came.",
        ),
        ask=_beyond,
    ),
    *inbox_probes(AccountReadings.inbox),
)

PLAN: Final = plan_of(PROBES, most_calls=4)
