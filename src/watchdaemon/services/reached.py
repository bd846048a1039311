"""What the road tells of the platforms as such: whether any answers at all, and in which version of its API."""

import re
import threading
from dataclasses import dataclass
from typing import Final

import structlog

from watchdaemon.http import Exchange

log = structlog.get_logger(__name__)

VERSION_HEADER: Final = "facebook-api-version"
"""The version that answered (Graph API, "Debug requests", read 2026-11)."""

_ASKED_FOR: Final = re.compile(r"/(v\d+\.\d+)(?:/|$)")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class OtherVersion:
    """A platform that answered in another version than was asked for."""

    platform: str
    asked: str
    answered: str


class Reached:
    """Hears every exchange. Thread-safe; says each finding to the log once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._others: set[OtherVersion] = set()

    def hear(self, exchange: Exchange) -> None:
        """Take one exchange in."""
        if exchange.status is None:
            return
        self._answered.add(exchange.platform)
        other = _other_version(exchange)
        if other is None or other in self._others:
            return
        with self._lock:
            is_new = other not in self._others
            self._others.add(other)
        if is_new:
            log.warning("other_api_version", platform=other.platform, asked=other.asked, answered=other.answered)

    @property
    def platforms(self) -> frozenset[str]:
        """The platforms from which any answer came, good or bad."""
        return frozenset(self._answered)

    @property
    def other_versions(self) -> tuple[OtherVersion, ...]:
        """The versions that were asked for and answered in another."""
        with self._lock:
            return tuple(sorted(self._others))


def _other_version(exchange: Exchange) -> OtherVersion | None:
    """Compare the version in the path with the one in the header; the Graph falls back on an older or newer one."""
    if not exchange.headers or VERSION_HEADER not in exchange.headers:
        return None
    answered, asked = exchange.headers[VERSION_HEADER].strip(), _ASKED_FOR.search(exchange.path)
    if asked is None or not answered or answered == asked[1]:
        return None
    return OtherVersion(platform=exchange.platform, asked=asked[1], answered=answered[:20])
