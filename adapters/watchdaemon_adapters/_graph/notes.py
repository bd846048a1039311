"""What one fetch of an account writes down for the next: the day's sweep, refusals, how much fits into an answer."""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from watchdaemon.domain.fetch import Trouble
from watchdaemon.errors import Reason

NOTES = "notes"
"""The name under which they are kept among the cursors."""

ASK_AGAIN_AFTER = timedelta(days=7)  # what the app was never allowed
SMALLEST_FIT = 5  # fewer rows than that at a time, and everything is asked for apart
ALONE_AFTER_DAYS = 14  # a list that never held anything is asked for by itself
_MOST_COUNTS = 500

_STAYS = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED})
"""Troubles that a second sweep of the same day would meet again."""


@dataclass(slots=True, kw_only=True)
class Notes:
    """Written back with the cursors. They depend on days, not on the time, so that a repeated fetch writes the same.

    Only `alone` depends on the company, too: on the room that the other accounts leave in a request.
    """

    today: date
    swept_on: date | None = None  # when the whole look-back was last read without leaving anything out
    refused_on: dict[str, date] = field(default_factory=dict)  # streams the platform refused, and when
    readable: set[str] = field(default_factory=set)  # streams that could be read at least once
    fit: int | None = None  # so many posts with all about them are not too much at once
    fit_on: date | None = None  # when that was found out
    posts: int = 0  # so many posts lie within the look-back
    apart_on: date | None = None  # when the question for everything at once was last refused
    counts: dict[str, int] = field(
        default_factory=dict
    )  # of threads: their comments, or those that did not come at once
    unsorted_on: dict[str, date] = field(default_factory=dict)  # lists that were seen out of order, and when
    alone: set[str] = field(default_factory=set)  # streams whose lists were asked for by themselves once
    spelling: dict[str, str] = field(default_factory=dict)  # by stream: how its ids are usually spelled
    odd: dict[str, str] = field(default_factory=dict)  # ids that are stored by another spelling

    @property
    def is_sweep(self) -> bool:
        """Whether this fetch leaves nothing out, however little seems to have changed: the first of each day (UTC)."""
        return self.swept_on != self.today

    @property
    def asks_apart(self) -> bool:
        """Whether everything at once is known to be refused, or too much."""
        is_too_much = self.fit is not None and self.fit < SMALLEST_FIT
        return is_too_much or (self.apart_on is not None and self.today - self.apart_on < ASK_AGAIN_AFTER)

    def is_due_alone(self, name: str) -> bool:
        """Tell whether a list that was always left out, as an empty one is, shall be asked for by itself today.

        Left out of a larger answer, what the token is not to see would pass for empty. Each list has days of its own.
        """
        return self.is_sweep and (self.today.toordinal() + zlib.crc32(name.encode())) % ALONE_AFTER_DAYS == 0

    def was_refused(self, stream: str) -> bool:
        """Tell whether the stream was refused when it was last asked for."""
        return stream in self.refused_on

    def is_left_out(self, stream: str) -> bool:
        """Tell whether an optional stream need not be asked for: never allowed, and tried not long ago."""
        refused_on = self.refused_on.get(stream)
        if refused_on is None or stream in self.readable:
            return False
        return self.today - refused_on < ASK_AGAIN_AFTER

    def refuse(self, stream: str) -> None:
        """Remember a refusal."""
        self.refused_on[stream] = self.today

    def read(self, stream: str) -> None:
        """Remember that the stream can be read."""
        self.refused_on.pop(stream, None)
        self.readable.add(stream)

    def remember_fit(self, rows: int) -> None:
        """Remember how many rows at a time were not too much."""
        self.fit = rows if self.fit is None else min(self.fit, rows)
        self.fit_on = self.today

    def is_unsorted(self, stream: str) -> bool:
        """Tell whether a list was out of order when it was lately read."""
        seen_on = self.unsorted_on.get(stream)
        return seen_on is not None and self.today - seen_on < ASK_AGAIN_AFTER

    def note_order(self, stream: str, *, is_sorted: bool) -> None:
        """Remember that a list was seen out of order; forget it when it was read in order after a while."""
        if not is_sorted:
            self.unsorted_on[stream] = self.today
        elif not self.is_unsorted(stream):
            self.unsorted_on.pop(stream, None)

    def remember_count(self, thread: str, count: int) -> None:
        """Remember how many comments a long thread had when it was read whole."""
        self.counts[thread] = count
        while len(self.counts) > _MOST_COUNTS:
            del self.counts[next(iter(self.counts))]

    def end_sweep(self, troubles: Iterable[Trouble]) -> None:
        """Book the day's sweep, unless something stood in its way that may be gone the next time."""
        if all(t.reason in _STAYS for t in troubles):
            self.swept_on = self.today

    def encode(self) -> str:
        """Write them as the text that is stored."""
        stored = {
            "swept": _day(self.swept_on),
            "refused": {name: _day(on) for name, on in sorted(self.refused_on.items())},
            "readable": sorted(self.readable),
            "fit": [self.fit, _day(self.fit_on)],
            "posts": self.posts,
            "apart": _day(self.apart_on),
            "counts": dict(sorted(self.counts.items())),
            "unsorted": {name: _day(on) for name, on in sorted(self.unsorted_on.items())},
            "alone": sorted(self.alone),
            "spelling": dict(sorted(self.spelling.items())),
            "odd": dict(sorted(self.odd.items())),
        }
        return json.dumps(stored, separators=(",", ":"))

    @staticmethod
    def decode(text: str | None, now: datetime) -> "Notes":
        """Read stored notes; anything unreadable is none, and everything is read and asked for again."""
        today = now.date()
        try:
            stored = json.loads(text or "")
            fit, fit_on = _number(stored["fit"][0]), _read_day(stored["fit"][1])
            still_fits = bool(fit) and fit_on is not None and today - fit_on < ASK_AGAIN_AFTER
            return Notes(
                today=today,
                swept_on=_read_day(stored["swept"]),
                refused_on={str(k): date.fromisoformat(v) for k, v in stored["refused"].items()},
                readable={str(name) for name in stored["readable"]},
                fit=fit if still_fits else None,
                fit_on=fit_on if still_fits else None,
                posts=_number(stored["posts"]),
                apart_on=_read_day(stored["apart"]),
                counts={str(k): _number(v) for k, v in _rows(stored["counts"])},
                unsorted_on={str(k): date.fromisoformat(v) for k, v in stored.get("unsorted", {}).items()},
                alone={str(name) for name in stored.get("alone", [])},
                spelling={str(k): str(v) for k, v in stored.get("spelling", {}).items()},
                odd={str(k): str(v) for k, v in stored.get("odd", {}).items()},
            )
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return Notes(today=today)


def _rows(value: Mapping[str, object]) -> list[tuple[str, object]]:
    return list(value.items())[:_MOST_COUNTS]


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


def _read_day(value: object) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
