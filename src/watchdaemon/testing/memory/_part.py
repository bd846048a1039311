"""What the parts of the store have in common: all that is kept, one thread at a time, as a database would."""

import contextlib
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from typing import TypeVar, cast

from watchdaemon.domain.account import Register
from watchdaemon.domain.alert import Alert, AlertTelling, Silence
from watchdaemon.domain.audit import AuditEntry
from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.domain.delivery import Delivery, MailTrouble, Told
from watchdaemon.domain.item import Item
from watchdaemon.domain.moderation import ModerationEntry
from watchdaemon.domain.question import Decision, Step, Verdict
from watchdaemon.domain.quota import Measure, UsageReading
from watchdaemon.domain.watch import FetchAttempt, WatchEntry
from watchdaemon.errors import StorageError
from watchdaemon.rules.keeping import storable

T = TypeVar("T")

ItemKey = tuple[str, str]

EntryKey = tuple[str, date, int]


@dataclass(slots=True)
class Mark:
    """A thread waits to be judged while `judged` is behind `revision`."""

    revision: int = 0
    judged: int = 0


@dataclass(slots=True)
class Data:
    """All that is kept."""

    register: Register = field(default_factory=Register)
    audit: list[AuditEntry] = field(default_factory=list)
    items: dict[ItemKey, Item] = field(default_factory=dict)
    first_seen: dict[ItemKey, datetime] = field(default_factory=dict)
    cursors: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    marks: dict[tuple[str, str], Mark] = field(default_factory=lambda: defaultdict(Mark))
    verdicts: dict[ItemKey, Verdict] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    moderations: list[ModerationEntry] = field(default_factory=list)
    entries: dict[EntryKey, WatchEntry] = field(default_factory=dict)
    attempts: list[FetchAttempt] = field(default_factory=list)
    starts: dict[str, datetime] = field(default_factory=dict)
    deliveries: dict[int, Delivery] = field(default_factory=dict)
    told: dict[int, set[Told]] = field(default_factory=lambda: defaultdict(set))
    mail_troubles: dict[str, MailTrouble] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    alert_tellings: dict[tuple[int, str], AlertTelling] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    credentials: dict[str, CredentialRecord] = field(default_factory=dict)
    checks: dict[str, CredentialCheck] = field(default_factory=dict)
    turns: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    used_links: dict[str, datetime] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)
    usage: dict[tuple[str, str, str], UsageReading] = field(default_factory=dict)
    spent: Counter[tuple[date, str, str, Measure]] = field(default_factory=Counter)


class Part:
    """A part of `MemoryStore`: the methods of one port."""

    def __init__(self) -> None:
        self._data = Data()
        self._lock = threading.RLock()
        self.fault: StorageError | None = None

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Data]:
        """One thread at a time; nobody when the store is broken."""
        with self._lock:
            if self.fault is not None:
                raise self.fault
            yield self._data


def stored(value: T) -> T:
    """Return the value as a database would give it back: storable texts, times in UTC."""
    return cast("T", _as_stored(value))


def _as_stored(value: object) -> object:
    if type(value) is str:
        return storable(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise StorageError(f"a naive time cannot be stored: {value}")
        return value.astimezone(UTC)
    if isinstance(value, tuple | list):
        return type(value)(map(_as_stored, value))
    if isinstance(value, Mapping):
        return {_as_stored(k): _as_stored(v) for k, v in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _as_stored(getattr(value, f.name)) for f in fields(value)})
    return value
