"""What the Graph's documentation leaves open on Pages and on Instagram alike: authors, and the order of lists."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from watchdaemon.domain.probe import Unknown
from watchdaemon_adapters._graph.values import Row, child_of, optional_id, optional_moment, rows_of
from watchdaemon_adapters._probing import (
    Asked,
    Probe,
    Verdict,
    as_assumed,
    is_falling,
    number,
    otherwise,
    seen,
    untold,
)

Get = Callable[[str, Mapping[str, str]], Row]
R = TypeVar("R", bound="GraphReadings")


class GraphReadings:
    """What was read of one account, each list once."""

    def __init__(self, asked: Asked, get: Get, *, own_ids: frozenset[str]) -> None:
        self.own_ids = own_ids
        self._asked = asked
        self._get = get

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        return self._asked.once((path, *sorted(params.items())), lambda: self._get(path, params))

    def rows(self, path: str, params: Mapping[str, str]) -> list[Row]:
        """Return a list's first page."""
        return dicts(rows_of(self.get(path, params)))

    def is_own(self, row: Row) -> bool:
        """Tell whether the account itself wrote a row; one without an author is never its own."""
        return optional_id(child_of(row, "from")) in self.own_ids


def dicts(rows: Sequence[object]) -> list[Row]:
    """Return those rows that are objects."""
    return [row for row in rows if isinstance(row, dict)]


def nested(row: Row, key: str) -> list[Row]:
    """Return the rows of a list inside a row."""
    return dicts(rows_of(child_of(row, key)))


def moments(rows: Sequence[Row], key: str) -> list[datetime]:
    """Return the times that the rows tell."""
    return [m for m in (optional_moment(row, key) for row in rows) if m is not None]


def authors(readings: GraphReadings, comments: Sequence[Row]) -> Verdict:
    """Tell whether others' comments come with their author."""
    others = [c for c in comments if not readings.is_own(c)]
    if not others:
        return untold("nobody else has commented on what was read")
    nameless = sum(optional_id(child_of(c, "from")) is None for c in others)
    return seen(not nameless, f"{nameless} of {number(len(others), 'comment')} by others came without an author")


def order(lists: Sequence[Sequence[Row]], key: str, what: str) -> Verdict:
    """Tell whether lists come newest first: of the ones in which that can be seen."""
    telling = [times for rows in lists if len(set(times := moments(rows, key))) > 1]
    if not telling:
        return untold(f"no list of {what} with two different times in it")
    wrong = sum(not is_falling(times) for times in telling)
    return seen(not wrong, f"{wrong} of {number(len(telling), 'list')} of {what} did not come newest first")


def conversations(readings: GraphReadings, page_id: str, platform: str) -> list[Row]:
    """Return the first page of the inbox, with each conversation's newest messages."""
    fields = "id,updated_time,messages.limit(20){id,created_time,from}"
    return readings.rows(f"{page_id}/conversations", {"platform": platform, "fields": fields, "limit": "25"})


def written_by_hand(readings: GraphReadings, found: Sequence[Row]) -> Verdict:
    """Tell whether what colleagues answered in the platform's own inbox counts as the account's."""
    messages = [m for c in found for m in nested(c, "messages")]
    own = sum(readings.is_own(m) for m in messages)
    nameless = sum(optional_id(child_of(m, "from")) is None for m in messages)
    if own:
        # The daemon sends no message: whatever is the account's own was written in the platform's inbox.
        return as_assumed(f"{number(own, 'message')} of the account's own among {len(messages)}")
    if nameless:
        return otherwise(f"{number(nameless, 'message')} of {len(messages)} came without an author")
    return untold(f"no message of the account's own among {len(messages)}: answer one by hand, and ask again")


CONVERSATION_ORDER = Unknown(
    name="conversation-order",
    question="Do conversations come with the liveliest first?",
    assumed="A page that lies before the last complete read ends the reading; once a day all is read.",
    otherwise="The order is watched in the times: pages out of order are read on to the end. Costs calls only.",
)
HAND_WRITTEN = Unknown(
    name="hand-written-messages",
    question="Do messages that colleagues write in the platform's own inbox count as the account's?",
    assumed="Such a message answers the conversation.",
    otherwise="A conversation answered there still reads as open: close it with `watchdaemon questions`.",
)


def inbox_probes(inbox: Callable[[R], list[Row]]) -> tuple[Probe[R], ...]:
    """Return the questions that Messenger and Instagram's messages have in common."""
    return (
        Probe(unknown=CONVERSATION_ORDER, ask=lambda r: order([inbox(r)], "updated_time", "conversations")),
        Probe(unknown=HAND_WRITTEN, ask=lambda r: written_by_hand(r, inbox(r))),
    )
