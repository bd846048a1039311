"""Carries questions to the Graph: up to fifty in one request, each with its own account's token.

How a batch is written and read: Graph API guide "Batch requests" (read 2026-11): at most 50, answers in the order of
the questions, each with its own code, headers and a body that is JSON in a string; what was not finished in time comes
back as null and may be asked again. A fallback token must be given although every question has its own.
"""

import json
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from urllib.parse import quote, urlencode

import structlog

from watchdaemon.errors import AdapterError, RateLimitedError, Reason, RetriableError
from watchdaemon.http import Exchange, Road
from watchdaemon.http.quota_body import measure_body
from watchdaemon_adapters._graph.client import Secrets, read_answer
from watchdaemon_adapters._graph.errors import ReduceAmountError, ends_the_fetch, not_json_error
from watchdaemon_adapters._graph.rounds import Ask
from watchdaemon_adapters._graph.values import Row

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 50
NULL_TRIES = 2  # a null entry is asked for once more
SERVICE_TRIES = 3  # codes 1 and 2: twice more (error-handling guide)
FIRST_PAUSE_SECONDS = 0.5
CONVERSATIONS_A_SECOND = 2  # for a Page (Messenger platform, rate limiting); a batch's items run side by side

_ROTATING = frozenset({Reason.UNAUTHORISED, Reason.RATE_LIMITED})
_SINGLY = frozenset({Reason.MALFORMED, Reason.UNSUPPORTED, Reason.GONE, Reason.PERMISSION})


class Spare:
    """Questions that still go into the requests which a fetch sends anyway."""

    def __init__(self, accounts: int, *questions_each: int) -> None:
        """Count what is left beside so many questions of every account; with several numbers, beside each of them."""
        self._left = min(-accounts * each % MOST_AT_ONCE for each in questions_each)

    def take(self) -> bool:
        """Use one up; False when none is left."""
        self._left -= 1
        return self._left >= 0


class SyncGraph(Protocol):
    """One token's way to the Graph, one request at a time."""

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        ...

    def batch(self, parts: str) -> object:
        """Send a batch and return the answer's JSON, whatever it is. Raises AdapterError."""
        ...


GraphFor = Callable[[Secrets, str | None], SyncGraph]
"""Makes a `SyncGraph` for a token and an account's key (None: several accounts)."""


class Courier:
    """One fetch's way to the Graph."""

    def __init__(self, road: Road, platform: str, graph_for: GraphFor) -> None:
        self._road = road
        self._platform = platform
        self._graph_for = graph_for
        self._stopped_by: AdapterError | None = None  # the app is throttled or gone: nobody asks any more
        self._sends_singly = False
        self._is_up = False
        self._good_token: Secrets | None = None  # for the batch as a whole; one that was taken before
        self._inbox_times: dict[str, deque[float]] = {}

    def pick(self, waiting: deque[Ask]) -> list[Ask]:
        """Take the next up to fifty, of one account's conversations no more than a second allows."""
        picked: list[Ask] = []
        left: list[Ask] = []
        lanes: Counter[str] = Counter()
        while waiting and len(picked) < MOST_AT_ONCE:
            ask = waiting.popleft()
            lane = _lane(ask)
            if lane is not None and lanes[lane] >= CONVERSATIONS_A_SECOND:
                left.append(ask)
                continue
            if lane is not None:
                lanes[lane] += 1
            picked.append(ask)
        waiting.extendleft(reversed(left))
        return picked

    def deliver(self, asks: Sequence[Ask]) -> list[Row | AdapterError | None]:
        """Return an answer or error per question; None for one to be asked again."""
        answers: dict[Ask, Row | AdapterError | None] = {a: e for a in asks if (e := self._refusal(a)) is not None}
        wanted = [a for a in asks if a not in answers]
        if wanted:
            self._keep_pace(wanted)
            is_batch = len(wanted) > 1 and not self._sends_singly
            answers |= self._by_batch(wanted) if is_batch else self._one_by_one(wanted)
        again = [a for a, answer in answers.items() if answer is None]
        if again:
            pause = FIRST_PAUSE_SECONDS * 2 ** (max(a.failures for a in again) - 1)
            self._road.pause(pause + random.uniform(0, pause / 2))  # noqa: S311 - spreads load, guards nothing
        return [answers[a] for a in asks]

    def _refusal(self, ask: Ask) -> AdapterError | None:
        return self._stopped_by or ask.client.stopped_by

    # ---- one at a time -------------------------------------------------------------------------------------------

    def _one_by_one(self, asks: Sequence[Ask]) -> dict[Ask, Row | AdapterError | None]:
        answers: dict[Ask, Row | AdapterError | None] = {}
        for ask in asks:
            answers[ask] = self._refusal(ask) or self._singly(ask)
        return answers

    def _singly(self, ask: Ask) -> Row | AdapterError | None:
        ask.client.calls += 1
        try:
            return self._graph_for(ask.client.secrets, ask.client.account).get(ask.path, ask.params)
        except AdapterError as error:
            if _is_service_trouble(error) and error.cause_key is None:  # not away, but no sense in what it said
                ask.failures += 1
                if ask.failures < NULL_TRIES:
                    return None
            self._note(ask, error)
            return error

    # ---- batch ---------------------------------------------------------------------------------------------------

    def _by_batch(self, asks: Sequence[Ask]) -> dict[Ask, Row | AdapterError | None]:
        try:
            parts = self._send(asks)
        except AdapterError as error:
            if error.reason in _SINGLY and not isinstance(error, RetriableError):
                log.info("graph.no_batch", platform=self._platform, reason=error.reason.value)
                self._sends_singly = True  # the batch itself is not understood: its questions may be
                return self._one_by_one(asks)
            for ask in asks:
                self._note(ask, error)
            return dict.fromkeys(asks, error)
        found = [self._read(ask, part) for ask, part in zip(asks, parts, strict=True)]
        # One account's answer shows that the platform is up: what another one lacks is its own trouble then.
        self._is_up = self._is_up or any(isinstance(f, Mapping) for f in found)
        return {ask: self._settled(ask, answer) for ask, answer in zip(asks, found, strict=True)}

    def _send(self, asks: Sequence[Ask]) -> list[object]:
        """Send one batch; with another account's token on the outside when one is refused there."""
        written = json.dumps([_part(ask) for ask in asks], separators=(",", ":"))
        owners = {ask.client.account: ask.client for ask in asks}
        candidates = {s.token: s for s in (self._good_token, *(c.secrets for c in owners.values())) if s is not None}
        key = next(iter(owners)) if len(owners) == 1 else None
        refused: AdapterError | None = None
        for secrets in candidates.values():
            for client in owners.values():
                client.calls += 1
            try:
                answer = self._graph_for(secrets, key).batch(written)
            except AdapterError as error:
                if error.reason not in _ROTATING or error.cause_key is not None:
                    raise
                refused = error
                continue
            self._good_token = secrets
            return self._parts(answer, len(asks))
        raise refused or not_json_error(status=0, platform=self._platform, account=None)

    def _parts(self, answer: object, count: int) -> list[object]:
        """Return as many entries as were asked for; what is missing, or makes no sense, is not finished."""
        found = answer if isinstance(answer, list) else []
        return [*found, *[None] * count][:count]

    def _read(self, ask: Ask, part: object) -> Row | AdapterError | None:
        """Read one entry of a batch's answer; None when it is none."""
        code = part.get("code") if isinstance(part, dict) else None
        body = part.get("body") if isinstance(part, dict) else None
        if not isinstance(part, dict) or not isinstance(code, int) or not isinstance(body, str):
            return None
        content, headers = body.encode("utf-8", "replace"), _headers(part.get("headers"))
        self._book(ask, code, headers, content)
        try:
            return read_answer(
                content,
                status=code,
                headers=headers,
                platform=self._platform,
                account=ask.client.account,
            )
        except AdapterError as error:
            return error

    def _book(self, ask: Ask, code: int, headers: Mapping[str, str], content: bytes) -> None:
        """Tell the quota book: each entry counts against its own account's limit, and its headers say how far."""
        part = Exchange(
            platform=self._platform,
            account=ask.client.account,
            method="GET",
            path=ask.path,
            status=code,
            seconds=0.0,
            headers=headers,
            refusal=measure_body(self._platform, code, content).refusal,
        )
        self._road.book_part(part)

    def _settled(self, ask: Ask, answer: Row | AdapterError | None) -> Row | AdapterError | None:
        """Ask again for what may come in a moment; mark what ends its account's fetch."""
        if isinstance(answer, Mapping):
            return answer
        tries = NULL_TRIES if answer is None else SERVICE_TRIES
        if answer is None or _is_service_trouble(answer):
            ask.failures += 1
            if ask.failures < tries:
                return None
        if answer is None:
            return RetriableError(
                f"{self._platform} did not answer in time", platform=self._platform, account=ask.client.account
            )
        if self._is_up and _is_service_trouble(answer):
            answer.cause_key = None
        self._note(ask, answer)
        return answer

    def _note(self, ask: Ask, error: AdapterError) -> None:
        if error.cause_key is not None and not _is_service_trouble(error):
            self._stopped_by = self._stopped_by or error
        elif ends_the_fetch(error):
            ask.client.stop(error)

    # ---- pace ----------------------------------------------------------------------------------------------------

    def _keep_pace(self, asks: Sequence[Ask]) -> None:
        """Wait until no inbox is asked more often than twice within a second."""
        wanted = Counter(lane for ask in asks if (lane := _lane(ask)) is not None)
        now = time.monotonic()
        waits = [0.0]
        for lane, count in wanted.items():
            times = self._inbox_times.setdefault(lane, deque(maxlen=CONVERSATIONS_A_SECOND))
            # of the last two, so many must be a second old that the new ones fit in
            blocking = list(times)[: max(0, len(times) + count - CONVERSATIONS_A_SECOND)]
            waits.extend(at + 1.0 - now for at in blocking)
        self._road.pause(max(waits))
        for lane, count in wanted.items():
            self._inbox_times[lane].extend([time.monotonic()] * count)


def _lane(ask: Ask) -> str | None:
    """Return whose inbox is asked, for questions that count against its limit."""
    return ask.client.account if ask.path.rpartition("/")[2] in ("conversations", "messages") else None


def _part(ask: Ask) -> dict[str, str]:
    query = urlencode({**ask.client.secrets.parameters(), **ask.params})
    return {"method": "GET", "relative_url": f"{quote(ask.path, safe='/')}?{query}"}


def _is_service_trouble(error: AdapterError) -> bool:
    return (
        isinstance(error, RetriableError)
        and not isinstance(error, (RateLimitedError, ReduceAmountError))
        and error.reason is Reason.OUTAGE
    )


class _Headers(dict[str, str]):
    """An entry's headers, by name in any case."""

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # headers are texts only
        return super().get(name.lower(), default)


def _headers(value: object) -> Mapping[str, str]:
    rows = value if isinstance(value, list) else []
    pairs = [(r.get("name"), r.get("value")) for r in rows if isinstance(r, dict)]
    return _Headers({n.lower(): v for n, v in pairs if isinstance(n, str) and isinstance(v, str)})
