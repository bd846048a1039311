"""What X's documentation leaves open, asked of a live account. Only reads; what is read is billed."""

from collections.abc import Callable, Iterator
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._probing import (
    Asked,
    Probe,
    Verdict,
    as_assumed,
    is_falling,
    number,
    otherwise,
    plan_of,
    seen,
    untold,
)
from watchdaemon_adapters.x.client import Body, XClient, rows_of
from watchdaemon_adapters.x.mapping import parse_time

_ROWS: Final = 5  # the least that a user's list takes
_FOUND: Final = 10  # the least that search takes
_MESSAGES: Final = 10
_OLD: Final = frozenset({"referenced_tweets", "edit_history_tweet_ids", "note_tweet"})
_NEW: Final = frozenset({"referenced_posts", "edit_history_post_ids", "note_post"})
_RATE: Final = ("x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset")
MOST_DOLLARS: Final = (_ROWS + _FOUND) * 0.005 + _MESSAGES * 0.010
"""At the prices of November 2026: a post $0.005, a message $0.010."""


class Readings:
    """What was read of one account, each list once."""

    def __init__(self, asked: Asked, client: XClient, user_id: str, *, has_messages: bool) -> None:
        self.user_id = user_id
        self.has_messages = has_messages
        self.headers = asked.headers
        self._asked = asked
        self._client = client

    def posts(self) -> list[dict[str, object]]:
        """Return the newest own posts."""
        return self._page("posts", lambda: self._client.own_posts(self.user_id, max_results=_ROWS))

    def messages(self) -> list[dict[str, object]]:
        """Return the newest direct messages."""
        return self._page("messages", lambda: self._client.messages(max_results=_MESSAGES))

    def found(self) -> list[dict[str, object]]:
        """Return what a search finds in conversations of the newest own posts."""
        ids = [str(i) for p in self.posts() if isinstance(i := p.get("conversation_id"), str)]
        query = " OR ".join(f"conversation_id:{i}" for i in dict.fromkeys(ids)) or f"from:{self.user_id}"
        return self._page("search", lambda: self._client.search(query, max_results=_FOUND))

    def _page(self, key: str, pages: Callable[[], Iterator[Body]]) -> list[dict[str, object]]:
        body = self._asked.once(key, lambda: next(pages(), {}))
        self.headers = dict(self._asked.headers) or self.headers
        return [row for row in rows_of(body) if isinstance(row, dict)]


def _spelling(readings: Readings) -> Verdict:
    names = {name for post in readings.posts() for name in post}
    if not names & (_OLD | _NEW):
        return untold("no own post that shows one of these fields")
    return seen(not names & _NEW, f"seen: {', '.join(sorted(names & (_OLD | _NEW)))}")


def _rates(readings: Readings) -> Verdict:
    readings.posts()
    found = [name for name in _RATE if name in readings.headers]
    return seen(len(found) == len(_RATE), f"{len(found)} of {len(_RATE)} headers came")


def _search(readings: Readings) -> Verdict:
    try:
        found = readings.found()
    except AdapterError as error:
        if error.reason in (Reason.PERMISSION, Reason.UNSUPPORTED):
            return otherwise(f"search is refused: {error}")
        raise
    return as_assumed(f"search answers, with {number(len(found), 'post')}")


def _message_order(readings: Readings) -> Verdict:
    if not readings.has_messages:
        return untold("direct messages are switched off")
    times = [t for m in readings.messages() if (t := parse_time(m.get("created_at"))) is not None]
    if len(set(times)) < 2:
        return untold("no two messages at different times")
    return seen(is_falling(times), f"{number(len(times), 'message')} were compared")


def _own_messages(readings: Readings) -> Verdict:
    if not readings.has_messages:
        return untold("direct messages are switched off")
    messages = readings.messages()
    own = sum(str(m.get("sender_id")) == readings.user_id for m in messages)
    if own:
        return as_assumed(f"{own} of {number(len(messages), 'message')} are the account's own")
    if any(not m.get("sender_id") for m in messages):
        return otherwise("messages come without their sender")
    return untold(f"no message of the account's own among {len(messages)}: answer one in the app, and ask again")


PROBES: Final[tuple[Probe[Readings], ...]] = (
    Probe(
        unknown=Unknown(
            name="field-names",
            question="Are posts' fields still spelled the old way (referenced_tweets …)?",
            assumed="The old spelling is asked for and read.",
            otherwise="Both spellings are read; what is asked for stands in one place of the adapter.",
        ),
        ask=_spelling,
    ),
    Probe(
        unknown=Unknown(
            name="rate-headers",
            question="Does every answer say what is left of its limit?",
            assumed="The quota book knows each limit and when it is renewed; Retry-After is not needed.",
            otherwise="A limit is known only once it is hit, and then counts for fifteen minutes.",
        ),
        ask=_rates,
    ),
    Probe(
        unknown=Unknown(
            name="search",
            question="May the app search in conversations of own posts?",
            assumed="Replies that do not name the account are found for seven days.",
            otherwise="Only replies that name the account are seen, and the fetch is partial: set `search_days = 0` to "
            "say that this is known, or get an access level with search.",
        ),
        ask=_search,
    ),
    Probe(
        unknown=Unknown(
            name="message-order",
            question="Do direct messages come newest first?",
            assumed="Reading ends at the newest that was known.",
            otherwise="Messages further down could be overlooked: set `messages = false`, and watch by hand.",
        ),
        ask=_message_order,
    ),
    Probe(
        unknown=Unknown(
            name="own-messages",
            question="Are the account's own messages, written in the app, among them?",
            assumed="Such a message answers the conversation.",
            otherwise="A conversation answered in the app still reads as open: close it with `watchdaemon questions`.",
        ),
        ask=_own_messages,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=4, most_dollars=MOST_DOLLARS)
