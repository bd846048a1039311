"""What an import changes, field by field, and making the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import Enum
from pathlib import Path

from watchdaemon.domain.account import Account, AccountStatus, OwnerRole, Ownership, Person, Register, Unit
from watchdaemon.domain.audit import Change
from watchdaemon.errors import ConfigError
from watchdaemon.ports import Store
from watchdaemon.services.register._check import parse_register

Entry = Unit | Person | Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An import that can be made: the register as it would be, and how that differs from what is stored.

    `missing` are accounts that the file does not name; they stay as they are, unless closing them was asked for.
    """

    register: Register
    changes: tuple[Change, ...]
    missing: tuple[str, ...]


def prepare(path: Path, known: Register, *, on: date, close_missing: bool = False) -> Prepared:
    """Read a register file and work out what taking it would change.

    Accounts that the file does not name are never removed, for their history is kept: they stay, or with
    `close_missing` their status becomes closed. Units and persons that the file no longer names are removed once
    nothing refers to them; a file without a table of them leaves them alone.

    Raises:
        ConfigError: Anything in the file is wrong; nothing of it may be taken then. Or it names no account at all and
            every one would be closed: an export that broke off must not end all watching.
    """
    read = parse_register(path, on=on, known=known)
    if close_missing and known.accounts and not read.accounts:
        raise ConfigError(f"{path} names no account: --close-missing would close all {len(known.accounts)}")
    return _compare(known, read, close_missing=close_missing)


def import_register(store: Store, read: Register, *, by: str, at: datetime) -> Prepared:
    """Take a register that was read elsewhere (by `parse_register`, or made in code) at once; see `prepare`.

    Raises:
        StorageError: The database did not take it; the register is as it was.
    """
    prepared = _compare(store.load_register(), read, close_missing=False)
    apply(prepared, store, by=by, at=at)
    return prepared


def _compare(known: Register, read: Register, *, close_missing: bool) -> Prepared:
    missing = tuple(sorted(set(known.accounts) - set(read.accounts)))
    new = _merge(known, read, missing=missing if close_missing else ())
    return Prepared(register=new, changes=tuple(plan(known, new)), missing=missing)


def apply(prepared: Prepared, store: Store, *, by: str, at: datetime) -> None:
    """Make the change, all or nothing, with every field in the audit table. Nothing to change does nothing.

    Raises:
        StorageError: The database did not take it; the register is as it was.
    """
    if not prepared.changes:
        return
    store.apply_changes(prepared.register, prepared.changes, by=by, at=at)
    if any(change.kind == "account" for change in prepared.changes):
        store.mark_all_pending()  # who speaks for an account decides what is an answer


def _merge(known: Register, read: Register, *, missing: Sequence[str]) -> Register:
    closed = {key: replace(known.accounts[key], status=AccountStatus.CLOSED) for key in missing}
    accounts = {**known.accounts, **closed, **read.accounts}
    used_units = {a.unit for a in accounts.values()}
    units = {k: u for k, u in known.units.items() if k in used_units or not read.units} | dict(read.units)
    used = {p for a in accounts.values() for p in (a.manager, *(o.person for o in a.owners))}
    used |= {u.manager for u in units.values() if u.manager is not None}
    persons = {k: p for k, p in known.persons.items() if k in used or not read.persons} | dict(read.persons)
    return Register(units=units, persons=persons, accounts=accounts)


def plan(old: Register, new: Register) -> list[Change]:
    """Return every field that differs; an entry that is new or gone is one change with all its facts in one text."""
    changes: list[Change] = []
    tables: list[tuple[str, Mapping[str, Entry], Mapping[str, Entry]]] = [
        ("unit", old.units, new.units),
        ("person", old.persons, new.persons),
        ("account", old.accounts, new.accounts),
    ]
    for kind, before, after in tables:
        for key in sorted({*before, *after}):
            changes += _differences(kind, key, before.get(key), after.get(key))
    return changes


def _differences(kind: str, key: str, old: Entry | None, new: Entry | None) -> list[Change]:
    if old is None or new is None:
        was, will = (_summary(old), _summary(new))
        return [Change(kind=kind, key=key, field="", before=was, after=will)]
    before, after = facts(old), facts(new)
    names = [f.name for f in fields(new) if before.get(f.name) != after.get(f.name)]
    return [Change(kind=kind, key=key, field=n, before=before.get(n), after=after.get(n)) for n in names]


def _summary(entry: Entry | None) -> str | None:
    return None if entry is None else "; ".join(f"{name}={text}" for name, text in facts(entry).items())


def facts(entry: Entry) -> dict[str, str]:
    """Return an entry's fields as text, without its key and without what is empty; the order of lists is left out."""
    texts = {f.name: _text(getattr(entry, f.name)) for f in fields(entry) if f.name != "key"}
    return {name: text for name, text in texts.items() if text}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(sorted(_text(part) for part in value))
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={v}" for k, v in sorted(value.items()))
    if isinstance(value, Ownership):
        return owner_text(value)
    return str(value)


def owner_text(owner: Ownership) -> str:
    """Write an ownership the way the CSV has it: ``bo``, ``bo:substitute:2026-06-01..2026-08-31``."""
    if owner.from_on is None and owner.to_on is None:
        return owner.person if owner.role is OwnerRole.OWNER else f"{owner.person}:{owner.role.value}"
    return f"{owner.person}:{owner.role.value}:{owner.from_on or ''}..{owner.to_on or ''}"
