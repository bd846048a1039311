"""Asking a live account, sparingly: every question once, no more calls than were announced, and no writing."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Generic, Self, TypeVar

from watchdaemon.domain.probe import ProbeAnswer, ProbePlan, Told, Unknown
from watchdaemon.errors import AdapterError, Reason
from watchdaemon.http import Exchange, Road

Readings = TypeVar("Readings")
Value = TypeVar("Value")
Verdict = tuple[Told, str]
"""What was told, and by what."""

_ENDS_IT: Final = frozenset(
    {Reason.UNAUTHORISED, Reason.NO_CREDENTIAL, Reason.RATE_LIMITED, Reason.QUOTA, Reason.OUTAGE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe(Generic[Readings]):
    """One question, and how its answer is read."""

    unknown: Unknown
    ask: Callable[[Readings], Verdict]


def as_assumed(evidence: str) -> Verdict:
    """It is as the daemon assumes."""
    return Told.AS_ASSUMED, evidence


def otherwise(evidence: str) -> Verdict:
    """It is not."""
    return Told.OTHERWISE, evidence


def untold(evidence: str) -> Verdict:
    """It cannot be seen on this account now."""
    return Told.UNTOLD, evidence


def seen(is_so: bool, evidence: str) -> Verdict:
    """As assumed when `is_so`, else otherwise."""
    return as_assumed(evidence) if is_so else otherwise(evidence)


class Asked:
    """What was asked of one account: each thing once. A context manager; hears the road meanwhile."""

    def __init__(self, road: Road, *, account: str, most_calls: int) -> None:
        self.calls = 0
        self.headers: dict[str, str] = {}  # the newest answer's, names in lower case
        self._road = road
        self._account = account
        self._most = most_calls
        self._known: dict[Hashable, object] = {}

    def __enter__(self) -> Self:
        """Begin to hear."""
        self._stop = self._road.listen(self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        """Hear no more."""
        self._stop()

    def once(self, key: Hashable, call: Callable[[], Value]) -> Value:
        """Return what `call` gives, or raise what it raises; the same again for the same key, without asking."""
        if key not in self._known:
            if self.calls >= self._most:
                message = "the calls that were announced are used up"
                raise AdapterError(message, platform="", account=self._account, reason=Reason.UNSUPPORTED)
            try:
                self._known[key] = call()
            except AdapterError as error:
                self._known[key] = error
        found = self._known[key]
        if isinstance(found, AdapterError):
            raise found
        return found  # type: ignore[return-value]  # one key, one type

    def _hear(self, exchange: Exchange) -> None:
        if exchange.account == self._account:
            self.calls += 1
            self.headers = {name.lower(): value for name, value in exchange.headers.items()}


def plan_of(probes: Sequence[Probe[Readings]], *, most_calls: int, most_dollars: float = 0.0) -> ProbePlan:
    """Return what these probes ask."""
    return ProbePlan(unknowns=tuple(p.unknown for p in probes), most_calls=most_calls, most_dollars=most_dollars)


def answers(probes: Sequence[Probe[Readings]], readings: Readings) -> Iterator[ProbeAnswer]:
    """Yield each probe's answer. What strikes the account ends the asking, and leaves the rest untold."""
    ended: str | None = None
    for probe in probes:
        told, evidence = Told.UNTOLD, ended or ""
        if ended is None:
            try:
                told, evidence = probe.ask(readings)
            except AdapterError as error:
                evidence = f"the platform did not show it: {error}"
                ended = f"not asked any more: {error}" if error.reason in _ENDS_IT else None
        yield ProbeAnswer(unknown=probe.unknown, told=told, evidence=evidence)


def is_falling(moments: Sequence[object]) -> bool:
    """Tell whether a list comes newest first, equal times allowed."""
    return all(a >= b for a, b in pairwise(moments))  # type: ignore[operator]  # times or numbers


def number(count: int, noun: str) -> str:
    """Write a count: "1 comment", "3 comments"."""
    plural = noun[:-1] + "ies" if noun.endswith(("ry", "ly")) else noun + "s"
    return f"{count} {noun if count == 1 else plural}"
