"""The client itself: one `httpx.Client` per thread over one TLS context, with retries and a log without secrets."""

import json as json_module
import logging
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Self

import httpx
import structlog

from watchdaemon import __version__
from watchdaemon.errors import Reason, RetriableError
from watchdaemon.http.quota_body import NOTHING, measure_body

log = structlog.get_logger(__name__)

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY_BYTES = 50_000_000
LEAKY_LOGGERS = (
    "httpx",  # writes whole URLs, which on the Graph hold the token
    "httpcore",
    "urllib3",
    "tweepy",  # writes headers and bodies
    "oauthlib",
    "requests_oauthlib",
    "googleapiclient",
    "google.auth",
)
"""Libraries that put tokens or texts into their own debug and info lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a request that may be repeated is tried again.

    Before try n (from 2) we wait ``base * 2**(n-2)`` seconds plus up to half as much again, or the server's
    ``Retry-After`` when that is longer and not above `longest_wait`; beyond that we give up at once.
    """

    tries: int = 3
    base: float = 0.5
    longest_wait: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came of it, for metrics, quota books and tests. Holds no token, body or query value."""

    platform: str
    account: str | None
    method: str
    path: str
    status: int | None  # None: no answer
    seconds: float
    headers: Mapping[str, str]  # the answer's
    is_part: bool = False  # one item of a batch: it counts against a budget, but is no HTTP request of its own
    returned: Mapping[str, int] = field(default_factory=dict)  # how many resources a platform that bills them gave
    refusal: str | None = None  # the platform's code for a spent limit


@dataclass(frozen=True, slots=True)
class _NoAnswer:
    """Why a try brought nothing. Only a class name: the libraries' own texts may quote URLs and headers."""

    error: str
    reason: Reason = Reason.OUTAGE
    worth_another: bool = True


def silence_leaky_loggers() -> None:
    """Keep the debug and info lines of `LEAKY_LOGGERS` out of every log, whatever the root logger's level."""
    for name in LEAKY_LOGGERS:
        logger = logging.getLogger(name)
        if logger.level < logging.WARNING:
            logger.setLevel(logging.WARNING)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Read ``Retry-After``, in seconds or as an HTTP date (RFC 9110, 10.2.3); None when there is none to trust.

    A date is measured from the answer's own ``Date``, so that a wrong clock on either side does no harm.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10 * 86_400))
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta(0))


def is_worth_repeating(response: httpx.Response) -> bool:
    """Tell whether the same request may succeed a moment later: throttled, or the server's own trouble."""
    return response.status_code == 429 or (response.status_code >= 500 and response.status_code != 501)


def is_cut_or_foreign(response: httpx.Response) -> bool:
    """Tell whether a 200 is no JSON object: cut on its way, or another server's page. The true one may come next."""
    if not 200 <= response.status_code < 300 or response.status_code == 204:
        return False
    try:
        return not isinstance(json_module.loads(response.content), dict)
    except (ValueError, RecursionError):
        return True


class Road:
    """Sends requests for every adapter. Thread-safe; each thread gets a client of its own."""

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        retries: RetryPolicy = RetryPolicy(),
        sleep: Callable[[float], None] = time.sleep,
        on_exchange: Callable[[Exchange], None] | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Make a road. `timeout` is in seconds, for connecting, reading and writing each; `sleep` waits between tries.

        A whole answer may take four times `timeout`, so that a server that drips bytes cannot hold a thread for ever.
        """
        silence_leaky_loggers()
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._listeners = [] if on_exchange is None else [on_exchange]
        self._max_body_bytes = max_body_bytes
        self._tls = ssl.create_default_context()
        self._local = threading.local()
        self._clients: list[tuple[threading.Thread, httpx.Client]] = []
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[Exchange], None]) -> Callable[[], None]:
        """Have `listener` hear of every exchange too, on the thread that made it. It must be quick and not raise.

        Returns:
            What to call when it shall hear no more.
        """
        self._listeners = [*self._listeners, listener]  # a new list: another thread may be reading the old one

        def stop() -> None:
            self._listeners = [other for other in self._listeners if other is not listener]

        return stop

    def request(
        self,
        method: str,
        url: str,
        *,
        platform: str,
        account: str | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotent: bool | None = None,
        timeout: float | None = None,
        should_retry: Callable[[httpx.Response], bool] = is_worth_repeating,
    ) -> httpx.Response:
        """Send one request and return the answer, whatever its status.

        GET and HEAD (or what `idempotent` says) are tried again after a broken connection or an answer that
        `should_retry` (default: 5xx and 429), as the policy allows. Redirects are not followed: the answer is theirs.

        Raises:
            RetriableError: No answer came (time-out, refused, broken, above the size limit), after the last try.
        """
        repeatable = method.upper() in IDEMPOTENT_METHODS if idempotent is None else idempotent
        tries = max(1, self._retries.tries) if repeatable else 1
        for number in range(1, tries + 1):
            outcome = self._try_once(
                _Call(method.upper(), url, platform, account, timeout or self._timeout),
                params=params,
                data=data,
                json=json,
                content=content,
                headers=headers,
            )
            wait = None if number == tries else self._wait_before(number + 1, outcome, should_retry)
            if wait is None:
                break
            self._sleep(wait)
        if isinstance(outcome, _NoAnswer):
            raise RetriableError(
                f"no usable answer from {platform} ({outcome.error})",
                platform=platform,
                account=account,
                reason=outcome.reason,
            )
        return outcome

    def book_part(self, exchange: Exchange) -> None:
        """Tell whoever listens of one item of a batch, whose headers are inside the batch's answer."""
        self._tell(replace(exchange, is_part=True))

    def pause(self, seconds: float) -> None:
        """Wait between two requests, for a platform that allows so many a second; by the road's own `sleep`."""
        if seconds > 0:
            self._sleep(seconds)

    def close(self) -> None:
        """Close every thread's client. A later request opens a new one."""
        with self._lock:
            for _, client in self._clients:
                client.close()
            self._clients.clear()

    def __enter__(self) -> Self:
        """A road may be a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _wait_before(
        self, number: int, outcome: "httpx.Response | _NoAnswer", should_retry: Callable[[httpx.Response], bool]
    ) -> float | None:
        """Return the seconds to wait before try `number`, or None when there shall be none."""
        backoff: float = self._retries.base * 2 ** (number - 2)
        backoff += random.uniform(0, backoff / 2)  # noqa: S311 - spreads load, guards nothing
        if isinstance(outcome, _NoAnswer):
            return backoff if outcome.worth_another else None
        if not should_retry(outcome):
            return None
        asked = retry_after(outcome.headers)
        if asked is None:
            return backoff
        seconds = asked.total_seconds()
        return None if seconds > self._retries.longest_wait else max(seconds, backoff)

    def _try_once(
        self,
        call: "_Call",
        *,
        params: Mapping[str, str] | None,
        data: Mapping[str, str] | None,
        json: object,
        content: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> "httpx.Response | _NoAnswer":
        started = time.perf_counter()
        path = "?"
        try:
            target = httpx.URL(call.url)
            path = target.path
            client = self._client()
            client.cookies.clear()  # one account's cookies are none of another's business
            request = client.build_request(
                call.method,
                target.copy_merge_params(params) if params else target,
                data=data,
                json=json,
                content=content,
                headers=headers,
                timeout=call.timeout,
            )
            outcome = self._send(client, request, deadline=started + 4 * call.timeout)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            # the error itself is dropped: its text and its request hold what must not get out
            outcome = _no_answer(error)
        self._book(call, path, outcome, time.perf_counter() - started)
        return outcome

    def _send(self, client: httpx.Client, request: httpx.Request, *, deadline: float) -> "httpx.Response | _NoAnswer":
        answer = client.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > self._max_body_bytes:
                    return _NoAnswer("answer too large", Reason.MALFORMED, worth_another=False)
                if time.perf_counter() > deadline:
                    return _NoAnswer("answer too slow")
        finally:
            answer.close()
        # the body is decoded already: what describes the encoded one must go, or it would be decoded twice
        headers = [(k, v) for k, v in answer.headers.multi_items() if k not in _WIRE_HEADERS]
        return httpx.Response(
            answer.status_code, headers=headers, content=bytes(body), request=request, extensions=_reason_of(answer)
        )

    def _book(self, call: "_Call", path: str, outcome: "httpx.Response | _NoAnswer", seconds: float) -> None:
        answered = isinstance(outcome, httpx.Response)
        status = outcome.status_code if isinstance(outcome, httpx.Response) else None
        log.debug(
            "http.exchange",
            platform=call.platform,
            account=call.account,
            method=call.method,
            path=path,
            status=status,
            error=None if answered else outcome.error,  # type: ignore[union-attr]  # mypy does not follow `answered`
            ms=round(seconds * 1000),
        )
        if self._listeners:
            self._tell(_exchange(call, path, outcome if isinstance(outcome, httpx.Response) else None, seconds))

    def _tell(self, exchange: Exchange) -> None:
        for listener in self._listeners:
            listener(exchange)

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None or client.is_closed:
            client = httpx.Client(
                verify=self._tls,
                trust_env=False,  # no proxy, netrc or CA bundle by way of a stray environment variable
                follow_redirects=False,  # a redirect could carry the token to another host
                limits=httpx.Limits(max_connections=4, max_keepalive_connections=2, keepalive_expiry=30.0),
                headers={"User-Agent": f"watchdaemon/{__version__}"},
            )
            self._local.client = client
            self._remember(client)
        return client

    def _remember(self, client: httpx.Client) -> None:
        """Keep the client for `close`, and close those whose threads have ended."""
        with self._lock:
            for thread, other in self._clients:
                if not thread.is_alive():
                    other.close()
            self._clients = [(t, c) for t, c in self._clients if t.is_alive() and not c.is_closed]
            self._clients.append((threading.current_thread(), client))


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    platform: str
    account: str | None
    timeout: float


def _exchange(call: _Call, path: str, answer: httpx.Response | None, seconds: float) -> Exchange:
    measured = NOTHING if answer is None else measure_body(call.platform, answer.status_code, answer.content)
    return Exchange(
        platform=call.platform,
        account=call.account,
        method=call.method,
        path=path,
        status=None if answer is None else answer.status_code,
        seconds=seconds,
        headers={} if answer is None else answer.headers,
        returned=measured.returned,
        refusal=measured.refusal,
    )


_WIRE_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def _reason_of(answer: httpx.Response) -> dict[str, bytes]:
    phrase = answer.extensions.get("reason_phrase")
    return {"reason_phrase": phrase} if isinstance(phrase, bytes) else {}


def _no_answer(error: Exception) -> _NoAnswer:
    name = type(error).__name__
    if isinstance(error, httpx.DecodingError):
        return _NoAnswer(name, Reason.MALFORMED)
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError)):
        return _NoAnswer(name, Reason.MALFORMED, worth_another=False)
    return _NoAnswer(name)
