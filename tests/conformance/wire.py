"""Every request that adapters send by the road in a test: in this process, and in those that tests start.

Such a process finds `child/sitecustomize.py` on its path, which records there and writes what it saw to a file.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

FOLDER = "WATCHDAEMON_TESTS_RECORD_REQUESTS_IN"
"""The environment's word for where a process that a test starts shall write its requests."""

Pairs = tuple[tuple[str, str], ...]

_platform: ContextVar[str] = ContextVar("platform", default="")
_is_checking = True


@dataclass(frozen=True, slots=True)
class Sent:
    """One request. The platform is what the adapter calls itself."""

    method: str
    path: str
    query: Pairs
    platform: str = ""
    host: str = ""
    body: str = ""

    def __str__(self) -> str:
        """Write it without its values: what is wrong is said beside it."""
        return f"{self.method} {self.path}"

    @property
    def form(self) -> Pairs:
        """The body as a form's fields."""
        return tuple(parse_qsl(self.body, keep_blank_values=True))


def sent_from(request: httpx.Request, platform: str = "") -> Sent:
    """Keep what a judge needs of a request."""
    query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    body = request.content.decode("utf-8", "replace")
    return Sent(request.method, request.url.path, tuple(query), platform, request.url.host, body)


@contextmanager
def recording(take: Callable[[Sent], None]) -> Iterator[None]:
    """Hand every request that leaves by any road to `take`, on the thread that sends it."""
    from watchdaemon.http._road import Road

    tried, sends = Road._try_once, Road._send

    def try_once(road: Road, call: Any, **arguments: Any) -> Any:
        before = _platform.set(call.platform)
        try:
            return tried(road, call, **arguments)
        finally:
            _platform.reset(before)

    def send(road: Road, client: httpx.Client, request: httpx.Request, **arguments: Any) -> Any:
        if _is_checking:
            take(sent_from(request, _platform.get()))
        return sends(road, client, request, **arguments)

    Road._try_once, Road._send = try_once, send  # type: ignore[method-assign, assignment]  # that is what it is for
    try:
        yield
    finally:
        Road._try_once, Road._send = tried, sends  # type: ignore[method-assign]  # as they were


@contextmanager
def unchecked() -> Iterator[None]:
    """Let requests be as they will: where answers are mangled, the addresses in them are, too."""
    global _is_checking  # noqa: PLW0603 - one switch for one thread of tests
    _is_checking = False
    try:
        yield
    finally:
        _is_checking = True


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Collect the requests that adapters send meanwhile."""
    sent: list[Sent] = []
    with recording(sent.append):
        yield sent


# ---- other processes ---------------------------------------------------------------------------------------------


class Notebook:
    """What the processes that tests start have sent: a file a process in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def environment(self) -> dict[str, str]:
        """Return what makes such a process write to it."""
        path = os.pathsep.join(filter(None, [str(Path(__file__).parent / "child"), os.environ.get("PYTHONPATH")]))
        return {FOLDER: str(self._folder), "PYTHONPATH": path}

    def news(self) -> list[Sent]:
        """Return what was written since it was asked last. A line that a killed process left unfinished waits."""
        news = []
        for file in self._folder.iterdir():
            with file.open("rb") as lines:
                lines.seek(self._read.get(file, 0))
                whole = lines.read().rpartition(b"\n")[0]
            self._read[file] = self._read.get(file, 0) + len(whole) + bool(whole)
            news += [_read(line) for line in whole.splitlines()]
        return news


def write_down(folder: Path) -> Callable[[Sent], None]:
    """Return what writes each request into this process's own file."""

    def take(sent: Sent) -> None:
        with (folder / str(os.getpid())).open("a") as file:
            file.write(json.dumps(asdict(sent)) + "\n")

    return take


def _read(line: bytes) -> Sent:
    fields = json.loads(line)
    return Sent(**{**fields, "query": tuple((name, value) for name, value in fields["query"])})
