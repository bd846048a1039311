"""The client itself: one `httpx.Client` per thread over one TLS context, with retries and a log that holds no secret."""

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx
import structlog

from watchdaemon import __version__
from watchdaemon.errors import RetriableError

log = structlog.get_logger(__name__)


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


class Road:
    """Sends requests for every adapter. Thread-safe; each thread gets a client of its own."""

    def __init__(
        self,
        *,
        timeout: float = 30.0,
        retries: RetryPolicy = RetryPolicy(),
        sleep: Callable[[float], None] = time.sleep,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        """Make a road. `timeout` is in seconds, for connecting, reading and writing each; `sleep` waits between tries."""
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._on_exchange = on_exchange
        self._tls = ssl.create_default_context()
        self._local = threading.local()
        self._clients: list[httpx.Client] = []
        self._lock = threading.Lock()

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
    ) -> httpx.Response:
        """Send one request and return the answer, whatever its status.

        GET and HEAD (or what `idempotent` says) are tried again after a broken connection, a 5xx or a 429, as the
        policy allows.

        Raises:
            RetriableError: No answer came (time-out, refused, broken), after the last try.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close every thread's client."""
        with self._lock:
            for client in self._clients:
                client.close()
            self._clients.clear()
