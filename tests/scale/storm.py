"""A platform in a storm: every third request fails, each time in another way; and a daemon that is killed meanwhile."""

import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox.server import PlatformApp

HTML = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Storm:
    """Stands before a platform's app. `every` is how many requests go by for one that fails; 0 is fair weather.

    A failure is of the road or of the service, in one of several forms; none of them is the platform's true answer.
    """

    app: PlatformApp
    every: int = 3
    failed: int = 0
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _forms: Iterator[int] = field(default_factory=lambda: itertools.cycle(ORDER))

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer, or fail."""
        if self.every == 0 or next(self._count) % self.every:
            return await self.app(request, path)
        self.failed += 1
        return await self._failure(request, path, next(self._forms))

    async def _failure(self, request: Request, path: str, form: int) -> Response:
        if form == 0:  # right at first, then cut
            whole = bytes((await self.app(request, path)).body)
            return Response(whole[: len(whole) // 2], media_type="application/json")
        return FORMS[form - 1]()


FORMS: tuple[Callable[[], Response], ...] = (
    lambda: JSONResponse({"title": "Service Unavailable", "status": 503}, status_code=503),
    lambda: Response(HTML, status_code=502, media_type="text/html"),
    lambda: Response(b"", status_code=200, media_type="application/json"),
    lambda: Response(HTML, status_code=200, media_type="text/html"),
    lambda: JSONResponse({}, status_code=500),
    lambda: JSONResponse(["not", "an", "object"]),
    lambda: JSONResponse({"title": "Too Many Requests", "status": 429}, status_code=429),
)
# 0 is the cut answer; being told to wait ends a fetch on most platforms, and comes more seldom than the rest
ORDER: tuple[int, ...] = (*range(len(FORMS)), *range(len(FORMS) + 1), *(*range(len(FORMS)),) * 4)


class Killed(BaseException):
    """The process is gone. Nothing catches it, as nothing catches ``kill -9``."""


@dataclass
class Reaper:
    """Kills a pass at some request, at random; `strike` is called after each."""

    random: random.Random
    _left: int | None = None

    def prepare(self, *, is_killing: bool) -> None:
        """Let the next pass be killed, or live."""
        self._left = self.random.choice([1, 5, 20, 60, 150]) if is_killing else None

    def rest(self) -> None:
        """Kill nobody."""
        self._left = None

    def strike(self) -> None:
        """Count one request. Raises Killed when it was the last one."""
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise Killed
