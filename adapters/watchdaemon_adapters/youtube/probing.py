"""What YouTube's documentation leaves open, asked of a live channel. Only reads; a unit of quota a call."""

from collections.abc import Mapping, Sequence
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.probe import Unknown
from watchdaemon_adapters._probing import (
    Asked,
    Probe,
    Verdict,
    is_falling,
    number,
    plan_of,
    seen,
    untold,
)
from watchdaemon_adapters.youtube.channel import own_channel
from watchdaemon_adapters.youtube.client import YouTubeClient
from watchdaemon_adapters.youtube.mapping import parse_time

Row = Mapping[str, object]
_HELD: Final = "heldForReview"
_PUBLISHED: Final = "published"


class ChannelReadings:
    """What was read of one channel, each list once."""

    def __init__(self, asked: Asked, client: YouTubeClient, account: Account) -> None:
        self._asked = asked
        self._client = client
        self._account = account

    def uploads(self) -> list[Row]:
        """Return the newest page of the uploads."""
        channel = self._asked.once("channel", lambda: self._client.my_channels(("id", "snippet", "contentDetails")))
        playlist = own_channel(channel, self._account).uploads_id
        return _dicts(self._asked.once("uploads", lambda: next(self._client.uploads(playlist), []))) if playlist else []

    def threads(self, status: str) -> list[Row]:
        """Return the newest page of the channel's threads in that state."""
        pages = self._asked.once(
            f"threads:{status}", lambda: next(self._client.threads(self._account.native_id, status), ([], None))
        )
        return _dicts(pages[0])

    def replies(self, thread_id: str) -> list[Row]:
        """Return the first page of a thread's replies."""
        return _dicts(self._asked.once(f"replies:{thread_id}", lambda: next(self._client.replies(thread_id), [])))

    def busy(self) -> str | None:
        """Return the thread with the most replies, among the newest."""
        rows = self.threads(_PUBLISHED)
        counted = [(_count(_child(t, "snippet"), "totalReplyCount"), str(t.get("id") or "")) for t in rows]
        most, thread_id = max(counted, default=(0, ""))
        return thread_id if most > 1 and thread_id else None


def _uploads(readings: ChannelReadings) -> Verdict:
    videos = [_child(row, "contentDetails") for row in readings.uploads()]
    times = [t for video in videos if (t := parse_time(video.get("videoPublishedAt"))) is not None]
    if len(set(times)) < 2:
        return untold("the channel has not two videos of different times")
    return seen(is_falling(times), f"{number(len(times), 'video')} were compared")


def _reply_order(readings: ChannelReadings) -> Verdict:
    thread_id = readings.busy()
    rows = readings.replies(thread_id) if thread_id else []
    times = [t for row in rows if (t := parse_time(_child(row, "snippet").get("publishedAt"))) is not None]
    if len(set(times)) < 2:
        return untold("no thread with replies at two different times")
    is_sorted = is_falling(times) or is_falling(times[::-1])
    return seen(is_sorted, f"{number(len(times), 'reply')} of one thread were compared")


def _levels(readings: ChannelReadings) -> Verdict:
    thread_id = readings.busy()
    rows = readings.replies(thread_id) if thread_id else []
    if not rows:
        return untold("no thread with several replies")
    deep = sum(_child(r, "snippet").get("parentId") != thread_id or str(r.get("id")).count(".") != 1 for r in rows)
    return seen(not deep, f"{deep} of {number(len(rows), 'reply')} stand deeper than right below the thread")


def _held_replies(readings: ChannelReadings) -> Verdict:
    for thread in readings.threads(_HELD):
        held = {str(r.get("id")) for r in _embedded(thread) if _status(r) == _HELD}
        thread_id = thread.get("id")
        if held and isinstance(thread_id, str):
            shown = {str(r.get("id")) for r in readings.replies(thread_id)}
            both = len(held & shown)
            return seen(not both, f"{both} of {number(len(held), 'held reply')} came with the others")
    return untold("no thread with a reply that is held for review")


def _held_shown(readings: ChannelReadings) -> Verdict:
    tops = [
        t for t in readings.threads(_HELD) if _status(_child(_child(t, "snippet"), "topLevelComment")) == _PUBLISHED
    ]
    if not tops:
        return untold("no published thread is listed as held")
    silent = sum(all(_status(r) != _HELD for r in _embedded(t)) for t in tops)
    return seen(not silent, f"{silent} of {number(len(tops), 'thread')} listed as held show nothing that is held")


def _dicts(rows: Sequence[object]) -> list[Row]:
    return [row for row in rows if isinstance(row, dict)]


def _child(row: Row, key: str) -> Row:
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def _count(row: Row, key: str) -> int:
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _status(comment: Row) -> object:
    return _child(comment, "snippet").get("moderationStatus")


def _embedded(thread: Row) -> list[Row]:
    rows = _child(thread, "replies").get("comments")
    return _dicts(rows) if isinstance(rows, list) else []


PROBES: Final[tuple[Probe[ChannelReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="uploads-order",
            question="Do uploads come newest first?",
            assumed="The newest own activity is on the first page.",
            otherwise="The greatest time of the page counts; a video published late from far below could be overlooked "
            "when the channel's staleness is judged. Comments are not concerned.",
        ),
        ask=_uploads,
    ),
    Probe(
        unknown=Unknown(
            name="reply-order",
            question="Do replies come in an order of time?",
            assumed="Nothing rests on it: all pages are read and sorted here.",
            otherwise="The same.",
        ),
        ask=_reply_order,
    ),
    Probe(
        unknown=Unknown(
            name="reply-levels",
            question="Are there only two levels, thread and reply?",
            assumed="Each reply belongs to its thread.",
            otherwise="Deeper replies keep their thread by their id; whom they answer is read from their @handle.",
        ),
        ask=_levels,
    ),
    Probe(
        unknown=Unknown(
            name="held-replies",
            question="Does a thread's list of replies leave out those held for review?",
            assumed="Held replies are read from the channel's own listing of them.",
            otherwise="They come both ways; what is held is known by the listing, and stored once.",
        ),
        ask=_held_replies,
    ),
    Probe(
        unknown=Unknown(
            name="held-shown",
            question="Does a published thread that is listed as held show which of its replies is?",
            assumed="Held replies under published comments are found with their thread.",
            otherwise="Something held is there that the API does not show: look in YouTube Studio.",
        ),
        ask=_held_shown,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=7)
