"""Writes a register as the accounts file that `watchdaemon accounts import` reads."""

import json
from collections.abc import Mapping
from datetime import date

from watchdaemon.domain.account import Account, Audience, OwnerRole, Ownership, Person, Register, Unit


def register_toml(register: Register) -> str:
    """Return the register as TOML."""
    parts = [
        *(_table("units", _unit(u)) for u in register.units.values()),
        *(_table("persons", _person(p)) for p in register.persons.values()),
        *(_table("accounts", _account(a)) for a in register.accounts.values()),
    ]
    return "\n".join(parts)


def _table(name: str, values: Mapping[str, object]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if value not in (None, "", ())]
    return "\n".join([f"[[{name}]]", *lines, ""])


def _value(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # a TOML basic string has JSON's escapes
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(inner) for inner in value) + "]"
    return str(value)


def _unit(unit: Unit) -> dict[str, object]:
    return {"key": unit.key, "name": unit.name, "manager": unit.manager}


def _person(person: Person) -> dict[str, object]:
    return {
        "key": person.key,
        "name": person.name,
        "mail": person.mail,
        "language": person.language,
        "away_until": person.away_until,
    }


def _account(account: Account) -> dict[str, object]:
    is_exempt = account.audience is Audience.EXEMPT
    return {
        "key": account.key,
        "platform": account.platform,
        "native_id": account.native_id,
        "name": account.name,
        "link": account.link,
        "unit": account.unit,
        "purpose": account.purpose,
        "manager": account.manager,
        "owners": tuple(_owner(o) for o in account.owners),
        "audience": account.audience.value if is_exempt else None,
        "audience_reason": account.audience_reason,
        "status": account.status.value,
        "resting_until": account.resting_until,
        "approved_by": account.approved_by,
        "approved_on": account.approved_on,
        "credential": account.credential,
        "extra": dict(account.extra) or None,
    }


def _owner(owner: Ownership) -> object:
    if owner.role is OwnerRole.OWNER and owner.from_on is None and owner.to_on is None:
        return owner.person
    values = {"person": owner.person, "role": owner.role.value, "from": owner.from_on, "to": owner.to_on}
    return {key: value for key, value in values.items() if value is not None}
