"""From raw tables to a register, with every fault at once: a register is taken as a whole or not at all."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from watchdaemon.domain.account import (
    WATCHED_STATUSES,
    Account,
    AccountStatus,
    Audience,
    OwnerRole,
    Ownership,
    Person,
    Register,
    Unit,
)
from watchdaemon.errors import ConfigError, Fault
from watchdaemon.handwritten import Place, explain, nearest_key, shown_place
from watchdaemon.services.register._read import Raw, read_raw
from watchdaemon.services.register._rows import KEYS, AccountRow, PersonRow, UnitRow

R = TypeVar("R", UnitRow, PersonRow, AccountRow)

FEWEST_OWNERS = 2  # the guideline: an account must have more than one owner


def parse_register(path: Path, *, on: date, known: Register | None = None) -> Register:
    """Read and check a register file.

    Args:
        path: A TOML file, a folder with units.csv, persons.csv and accounts.csv, or one CSV file of accounts.
        on: The organisation's date today; an ownership that ended before it does not count.
        known: The register as it is. Units and persons may be named that only it has, and an account must not take
            the platform's id of another one there.

    Returns:
        What the file says. Tables that it does not speak of are empty.

    Raises:
        ConfigError: Anything is wrong; `faults` holds everything with file, key and line.
    """
    raw = read_raw(path)
    check = _Check(raw, known or Register(), on)
    register = check.run()
    if check.faults:
        order = sorted(check.faults, key=lambda fault: (fault.file, fault.line or 0))
        raise ConfigError(faults=order)
    return register


class _Check:
    """One check of one register; collects the faults."""

    def __init__(self, raw: Raw, known: Register, on: date) -> None:
        self._raw = raw
        self._known = known
        self._on = on
        self.faults: list[Fault] = list(raw.faults)
        # A row with a fault of its own may still be referred to: one fault is not to bring up others.
        self._persons = {*known.persons, *self._raw_keys("persons")}
        self._units = {*known.units, *self._raw_keys("units")}
        self._by_mail = {p.mail.lower(): p.key for p in known.persons.values()}
        self._managers: Mapping[str, str | None] = {}

    def run(self) -> Register:
        """Return the register; it is whole only when there are no faults."""
        units = {row.key: (n, row) for n, row in self._rows("units", UnitRow)}
        persons = {row.key: (n, row) for n, row in self._rows("persons", PersonRow)}
        accounts = {row.key: (n, row) for n, row in self._rows("accounts", AccountRow)}
        self._mails_once(persons)
        managers = {key: self._person(("units", n, "manager"), row.manager) for key, (n, row) in units.items()}
        self._managers = {**{u.key: u.manager for u in self._known.units.values()}, **managers}
        self._native_ids_once(accounts)
        return Register(
            units={key: Unit(key=key, name=row.name, manager=managers[key]) for key, (_, row) in units.items()},
            persons={key: Person(**row.model_dump()) for key, (_, row) in persons.items()},
            accounts={key: self._account(n, row) for key, (n, row) in accounts.items()},
        )

    # ---- rows --------------------------------------------------------------------------------------------------

    def _raw_keys(self, table: str) -> list[str]:
        return [key for row in self._raw.tables.get(table, ()) if isinstance(key := row.get("key"), str)]

    def _rows(self, table: str, model: type[R]) -> list[tuple[int, R]]:
        """Return the rows that are good in themselves, each with its position; a key counts once."""
        rows: list[tuple[int, R]] = []
        first: dict[str, int] = {}
        for n, data in enumerate(self._raw.tables.get(table, ())):
            try:
                row = model.model_validate(data)
            except ValidationError as error:
                self._row_faults(table, n, error)
                continue
            if row.key in first:
                self._fault((table, n, "key"), f"is used already, by {self._at((table, first[row.key]))}")
                continue
            first[row.key] = n
            rows.append((n, row))
        return rows

    def _row_faults(self, table: str, n: int, error: ValidationError) -> None:
        for inner, message in explain(error, {"": KEYS[table], "owners": KEYS["accounts.owners"]}):
            self._fault((table, n, *inner), message)

    def _fault(self, place: Place, message: str) -> None:
        """Note a fault; rows are named by their key, which says more than their position."""
        file, line = self._raw.locate(place)
        table, n = str(place[0]), place[1]
        key = self._raw.tables[table][int(n)].get("key", int(n) + 1)
        inner = shown_place(place[2:])
        self.faults.append(Fault(file, f"{table}[{key}]{'.' if inner else ''}{inner}", message, line))

    def _at(self, place: Place) -> str:
        file, line = self._raw.locate(place)
        return file if line is None else f"{file}:{line}"

    # ---- between rows ------------------------------------------------------------------------------------------

    def _mails_once(self, persons: Mapping[str, tuple[int, PersonRow]]) -> None:
        """A mail address names a person, so it must not name two."""
        gone = {p.mail.lower() for p in self._known.persons.values() if p.key in persons}
        self._by_mail = {mail: key for mail, key in self._by_mail.items() if mail not in gone}
        for key, (n, row) in persons.items():
            other = self._by_mail.setdefault(row.mail.lower(), key)
            if other != key:
                self._fault(("persons", n, "mail"), f"is the address of person {other!r} too")

    def _native_ids_once(self, accounts: Mapping[str, tuple[int, AccountRow]]) -> None:
        """Two entries for one account on the platform would be fetched, and mailed about, twice."""
        others = {(a.platform, a.native_id): a.key for a in self._known.accounts.values() if a.key not in accounts}
        for key, (n, row) in accounts.items():
            other = others.setdefault((row.platform, row.native_id), key)
            if other != key:
                self._fault(("accounts", n, "native_id"), f"is registered already, as account {other!r}")

    def _person(self, place: Place, reference: str | None) -> str | None:
        """Return the key of a person named by key or mail address."""
        if reference is None:
            return None
        if reference in self._persons:
            return reference
        if (key := self._by_mail.get(reference.lower())) is not None:
            return key
        self._fault(place, f"there is no person {reference!r}{nearest_key(reference, self._persons)}")
        return None

    # ---- accounts ----------------------------------------------------------------------------------------------

    def _account(self, n: int, row: AccountRow) -> Account:
        self._conditions(n, row)
        manager = self._person(("accounts", n, "manager"), row.manager or self._managers.get(row.unit))
        if row.unit not in self._units:
            hint = nearest_key(row.unit, self._units)
            self._fault(("accounts", n, "unit"), f"there is no unit {row.unit!r}{hint}")
        elif manager is None and row.manager is None and not self._is_faulty("units", row.unit):
            self._fault(("accounts", n, "manager"), f"is missing, and unit {row.unit!r} has none either")
        plain = row.model_dump(exclude={"owners", "manager"})
        return Account(**plain, owners=self._owners(n, row), manager=manager or "")

    def _is_faulty(self, table: str, key: str) -> bool:
        return any(fault.key.startswith(f"{table}[{key}]") for fault in self.faults)

    def _conditions(self, n: int, row: AccountRow) -> None:
        """Keys that are owed because of what another key says."""
        if row.audience is Audience.EXEMPT and not row.audience_reason:
            self._fault(("accounts", n, "audience_reason"), "is missing: an exempt audience needs its reason")
        if row.status is AccountStatus.RESTING and row.resting_until is None:
            self._fault(("accounts", n, "resting_until"), "is missing: a resting account rests until a date")
        if row.status in WATCHED_STATUSES:
            for key, value in (("approved_by", row.approved_by), ("approved_on", row.approved_on)):
                if value is None:
                    self._fault(("accounts", n, key), f"is missing: the account's status is {row.status.value}")
        if row.warn_days is not None and row.close_days is not None and row.warn_days >= row.close_days:
            self._fault(("accounts", n, "warn_days"), "must be smaller than close_days")

    def _owners(self, n: int, row: AccountRow) -> tuple[Ownership, ...]:
        owners: list[Ownership] = []
        for i, owner in enumerate(row.owners):
            place = ("accounts", n, "owners", i)
            person = self._person((*place, "person"), owner.person) or owner.person
            new = Ownership(person=person, role=owner.role, from_on=owner.from_on, to_on=owner.to_on)
            if owner.from_on and owner.to_on and owner.to_on < owner.from_on:
                self._fault((*place, "to"), "is before from")
            if any(_overlap(new, other) for other in owners):
                self._fault(place, f"{person!r} is named twice for the same time")
            owners.append(new)
        lasting = {o.person for o in owners if o.role is OwnerRole.OWNER and not self._has_ended(o)}
        if len(lasting) < FEWEST_OWNERS and row.status is not AccountStatus.CLOSED:
            number = "no owner" if not lasting else "one owner only"
            self._fault(("accounts", n, "owners"), f"has {number}, now or later; an account must have at least two")
        return tuple(owners)

    def _has_ended(self, owner: Ownership) -> bool:
        return owner.to_on is not None and owner.to_on < self._on


def _overlap(one: Ownership, other: Ownership) -> bool:
    if one.person != other.person:
        return False
    starts = max(o.from_on or date.min for o in (one, other))
    ends = min(o.to_on or date.max for o in (one, other))
    return starts <= ends
