"""What Meta's documentation leaves open about Threads, asked of a live profile. Only reads."""

from collections.abc import Mapping
from typing import Final

from watchdaemon.domain.probe import Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon_adapters._graph.probing import dicts, moments
from watchdaemon_adapters._graph.values import Row, child_of, is_list_missing, optional_id, rows_of
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
from watchdaemon_adapters.threads.client import ThreadsClient
from watchdaemon_adapters.threads.mapping import MENTION_FIELDS, REPLY_FIELDS

_NOT_FOR_US: Final = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED, Reason.MALFORMED, Reason.GONE})


class ProfileReadings:
    """What was read of one profile, each list once."""

    def __init__(self, asked: Asked, client: ThreadsClient, token: str) -> None:
        self.token = token
        self._asked = asked
        self._client = client

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        return self._asked.once((path, *sorted(params)), lambda: self._client.get(path, params))

    def posts(self) -> Row:
        """Return the newest own posts' list, as it came."""
        return self.get("me/threads", {"fields": "id,timestamp,has_replies", "limit": "10"})

    def conversation(self) -> Row | None:
        """Return the conversation below the newest post that has one, as it came."""
        rows = [p for p in dicts(rows_of(self.posts())) if p.get("has_replies") is not False]
        for post_id in [i for i in map(optional_id, rows) if i][:2]:
            found = self.get(f"{post_id}/conversation", {"fields": REPLY_FIELDS, "reverse": "true"})
            if rows_of(found):
                return found
        return None


def _mentions(readings: ProfileReadings) -> Verdict:
    try:
        found = readings.get("me/mentions", {"fields": MENTION_FIELDS})
    except AdapterError as error:
        if error.reason in _NOT_FOR_US:
            return otherwise(f"the list is refused: {error}")
        raise
    if is_list_missing(found):
        return otherwise("the answer is no list")
    return as_assumed(f"the list answers, with {number(len(rows_of(found)), 'mention')}")


def _ends(readings: ProfileReadings) -> Verdict:
    lists = [r for r in (readings.posts(), readings.conversation()) if r is not None and rows_of(r)]
    paging = [child_of(r, "paging") for r in lists]
    tells = sum("next" in p for p in paging)
    silent = sum("next" not in p and bool(child_of(p, "cursors").get("after")) for p in paging)
    if tells:
        return as_assumed(f"{tells} of {number(len(lists), 'list')} said where it goes on")
    if silent:
        return otherwise(f"{number(silent, 'list')} came with cursors alone")
    return untold("nothing was listed")


def _order(readings: ProfileReadings) -> Verdict:
    found = readings.conversation()
    times = moments(dicts(rows_of(found)), "timestamp") if found is not None else []
    if len(set(times)) < 2:
        return untold("no conversation with replies at two different times")
    return seen(is_falling(times), f"{number(len(times), 'reply')} of one conversation were compared")


def _own(readings: ProfileReadings) -> Verdict:
    found = readings.conversation()
    rows = dicts(rows_of(found)) if found is not None else []
    if not rows:
        return untold("no conversation with replies")
    marked = sum(isinstance(r.get("is_reply_owned_by_me"), bool) for r in rows)
    return seen(marked == len(rows), f"{marked} of {number(len(rows), 'reply')} say whose they are")


def _debugger(readings: ProfileReadings) -> Verdict:
    try:
        data = child_of(readings.get("debug_token", {"input_token": readings.token}), "data")
    except AdapterError as error:
        if error.reason in _NOT_FOR_US:
            return otherwise(f"it is refused: {error}")
        raise
    named = [name for name in ("expires_at", "scopes", "issued_at") if data.get(name)]
    return seen("expires_at" in named, f"it names: {', '.join(named) or 'nothing'}")


PROBES: Final[tuple[Probe[ProfileReadings], ...]] = (
    Probe(
        unknown=Unknown(
            name="mentions",
            question="Does /me/mentions answer with the scope threads_manage_mentions?",
            assumed="Public posts that name the profile are read.",
            otherwise="Mentions are not seen and every fetch is partial: connect again with that scope, have the app "
            "reviewed, or set `mentions = false`.",
        ),
        ask=_mentions,
    ),
    Probe(
        unknown=Unknown(
            name="list-ends",
            question="Do lists say where they go on (`next`), or have they cursors alone?",
            assumed="A list without `next` has ended.",
            otherwise="Cursors are followed until nothing comes: one call more a list, and nothing lost.",
        ),
        ask=_ends,
    ),
    Probe(
        unknown=Unknown(
            name="conversation-order",
            question="Do conversations come newest first with reverse=true?",
            assumed="Nothing rests on it: each conversation is read to its end.",
            otherwise="The same.",
        ),
        ask=_order,
    ),
    Probe(
        unknown=Unknown(
            name="own-replies",
            question="Does every reply say whether it is the profile's own?",
            assumed="`is_reply_owned_by_me` decides what is an answer.",
            otherwise="The username decides, where there is one; else it is a visitor's.",
        ),
        ask=_own,
    ),
    Probe(
        unknown=Unknown(
            name="token-debugger",
            question="Does the token debugger tell a token about itself?",
            assumed="Its end and scopes are known, and it is renewed thirty days ahead.",
            otherwise="The end that was written down when it was made counts; one without is renewed each month.",
        ),
        ask=_debugger,
    ),
)

PLAN: Final = plan_of(PROBES, most_calls=5)
