"""Whose turn it is: owners, then the other owners, the manager, and the communications unit."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertPolicy

GRAVE: Final = "/grave"
"""Ends the cause of a REMOVAL of a class that the law names: threats among them."""

CLOSE: Final = "/close"
"""Ends the cause of a STALE account whose closing is recommended."""

_ENOUGH: Final = 2
"""So many people at least are told at once that an access ends: one of them may be the one who cannot mend it."""

_ACCESS: Final = frozenset({AlertKind.CREDENTIAL_DEAD, AlertKind.CREDENTIAL_EXPIRING})

Turns = tuple[float | None, float | None, float | None, float | None]
"""After how many working days it is the turn of readers, other owners, the manager, the communications unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who may be told."""

    register: Register
    on: date  # the local date, for absences and substitutes
    communications: tuple[str, ...] = ()  # persons' keys
    unreachable: Collection[str] = frozenset()  # persons whose mail does not arrive

    def can_be_told(self, person: str) -> bool:
        """Whether mail to that person is of use today."""
        known = self.register.persons.get(person)
        return known is not None and person not in self.unreachable and not known.is_away(self.on)

    def unit(self) -> list[str]:
        """Return the communications unit's people at work; all of them when nobody is."""
        known = [p for p in self.communications if p in self.register.persons and p not in self.unreachable]
        return [p for p in known if self.can_be_told(p)] or known


def turns_of(alert: Alert, policy: AlertPolicy) -> Turns:
    """Return when whose turn is, by the kind of alert.

    Watch gaps, accesses, secrets and threats go to everybody who reads the account's digest today; what the digest
    tells (questions overdue, items to be removed) reaches those who do not read it when it was not acted on; what only
    a manager or the communications unit can mend begins with them.
    """
    others, manager, unit = policy.steps
    if alert.kind is AlertKind.REMOVAL and not alert.cause.endswith(GRAVE):
        return (None, others, manager, unit)
    if alert.kind is AlertKind.STALE:
        return (0.0, None, 0.0, unit) if alert.cause.endswith(CLOSE) else (0.0, None, None, None)
    special: Mapping[AlertKind, Turns] = {
        AlertKind.CREDENTIAL_EXPIRING: (0.0, None, None, None),  # the next warning follows; a dead one climbs
        AlertKind.SECRET: (0.0, others, others, manager),
        AlertKind.QUESTION_OVERDUE: (None, None, policy.overdue_to_manager, policy.overdue_to_manager + unit),
        AlertKind.TOO_FEW_OWNERS: (None, None, 0.0, unit),
        AlertKind.MAIL_UNDELIVERABLE: (None, None, 0.0, unit),
        AlertKind.QUOTA: (None, None, None, 0.0),
        AlertKind.DAEMON_LATE: (0.0, None, manager, 0.0),
    }
    return special.get(alert.kind, (0.0, others, manager, unit))


def ladder(alert: Alert, staff: Staff, policy: AlertPolicy) -> dict[str, dict[str, float]]:
    """Return, by person, after how many working days it is their turn to be told of which accounts.

    Where nobody stands on the first step, the next one's turn is at once. An alert without accounts is the
    communications unit's.
    """
    found: dict[str, dict[str, float]] = defaultdict(dict)
    turns = turns_of(alert, policy)
    for key in alert.accounts:
        account = staff.register.accounts.get(key)
        if account is not None:
            for person, after in _of_account(account, alert.kind, turns, staff).items():
                found[person][key] = after
    if not alert.accounts:
        found.update({person: {"": turns[3] or 0.0} for person in staff.unit()})
    return dict(found)


def _of_account(account: Account, kind: AlertKind, turns: Turns, staff: Staff) -> dict[str, float]:
    steps = _steps(account, staff)
    found: dict[str, float] = {}
    for people, after in zip(steps, turns, strict=True):
        if after is not None:
            for person in people:
                found[person] = min(after, found.get(person, after))
    if not found:  # nobody on any step that is told of this: better somebody else than nobody
        return dict.fromkeys(steps[2] or steps[0] or steps[3], 0.0)
    first = min(found.values())
    if first > 0 and min(t for t in turns if t is not None) == 0:
        found = {person: after - first for person, after in found.items()}
    if kind in _ACCESS and sum(after == 0 for after in found.values()) < _ENOUGH:
        found |= dict.fromkeys(steps[2], 0.0)
    return found


def _steps(account: Account, staff: Staff) -> tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str]]:
    """Return the people of each step."""
    supposed = [p.key for p in staff.register.readers(account, staff.on)]
    readers = [p for p in supposed if p not in staff.unreachable]
    valid = [o.person for o in account.owners if o.is_valid(staff.on)]
    if len(readers) < len(supposed):  # an owner whose mail does not arrive is as good as away
        readers += [p for p in valid if p not in readers and staff.can_be_told(p)]
    others = [p for p in dict.fromkeys(valid) if p not in readers and staff.can_be_told(p)]
    return readers, others, _managers(account, staff), staff.unit()


def _managers(account: Account, staff: Staff) -> list[str]:
    """Return the account's manager; when that person is away, the unit's; when nobody is at work, the account's."""
    unit = staff.register.units.get(account.unit)
    for person in (account.manager, unit.manager if unit else None):
        if person is not None and staff.can_be_told(person):
            return [person]
    is_known = account.manager in staff.register.persons and account.manager not in staff.unreachable
    return [account.manager] if is_known else []


def owners_missing(account: Account, staff: Staff) -> tuple[int, tuple[str, ...]]:
    """Return how many people would read of the account today, and which of its owners would not, and why.

    The why is written before the person's key: ``away:anna``, ``mail:bo``. A substitute counts while an owner misses.
    """
    valid = [o for o in account.owners if o.is_valid(staff.on) and o.person in staff.register.persons]
    persons: list[Person] = [staff.register.persons[o.person] for o in valid]
    owners = [p for o, p in zip(valid, persons, strict=True) if o.role == "owner"]
    missing = [
        f"{'mail' if p.key in staff.unreachable else 'away'}:{p.key}" for p in owners if not staff.can_be_told(p.key)
    ]
    substitutes = [p for o, p in zip(valid, persons, strict=True) if o.role != "owner" and staff.can_be_told(p.key)]
    present = len(owners) - len(missing)
    return present + (len(substitutes) if missing else 0), tuple(sorted(missing))
