"""Every request that leaves the program in a test, as it goes over the wire."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl

import httpx


@dataclass(frozen=True, slots=True)
class Sent:
    """One request."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Write it without its values: what is wrong is said beside it."""
        return f"{self.method} {self.path}"


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Collect the requests that any httpx client sends meanwhile, to whatever host."""
    sent: list[Sent] = []
    send = httpx.Client.send

    def recording(client: httpx.Client, request: httpx.Request, **arguments: Any) -> httpx.Response:
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        sent.append(Sent(request.method, request.url.path, tuple(query)))
        return send(client, request, **arguments)

    with mock.patch.object(httpx.Client, "send", recording):
        yield sent
