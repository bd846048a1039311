"""The rows of a register file as people write them, checked one by one: keys, types, addresses, links."""

import re
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from watchdaemon.domain.account import AccountStatus, Audience, OwnerRole
from watchdaemon.handwritten import check_address, check_line

_KEY = re.compile(r"\w[\w.-]*")
_OWNER = re.compile(r"(?P<person>[^:]+)(?::(?P<role>[a-z]*))?(?::(?P<from>[\d-]*)\.\.(?P<to>[\d-]*))?")


def check_key(value: str) -> str:
    """Refuse a key that would not fit into mail keys, file names and command lines. Raises ValueError."""
    if not _KEY.fullmatch(value):
        raise ValueError("must be made of letters, digits, '_', '-' and '.', without spaces")
    return value


def check_link(value: str) -> str:
    """Refuse what is not a web address: it becomes a link in mails. Raises ValueError."""
    try:
        parts = urlsplit(value)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and value.isprintable()
    except ValueError:  # an unfinished IPv6 address and the like
        is_web = False
    if not is_web or " " in value:
        raise ValueError("must be a web address that begins with https:// or http://")
    return value


def parse_owner(value: object) -> object:
    """Read the short form ``person``, ``person:role`` or ``person:role:2026-06-01..2026-08-31``. Raises ValueError."""
    if not isinstance(value, str):
        return value
    found = _OWNER.fullmatch(value.strip())
    if found is None:
        raise ValueError('must be a person, or "person:substitute:2026-06-01..2026-08-31"')
    return {name: text for name, text in found.groupdict().items() if text}


Key = Annotated[str, AfterValidator(check_key)]
Line = Annotated[str, AfterValidator(check_line)]
Name = Annotated[str, Field(min_length=1), AfterValidator(check_line)]
Address = Annotated[str, AfterValidator(check_address)]
Link = Annotated[str, AfterValidator(check_link)]
Days = Annotated[int, Field(ge=1)]


class Row(BaseModel):
    """A table of the file; an unknown key is a fault, and numbers are taken as ids where text is meant."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True)


class UnitRow(Row):
    """A part of the organisation."""

    key: Key
    name: Name
    manager: str | None = None


class PersonRow(Row):
    """Somebody who gets mail."""

    key: Key
    name: Name
    mail: Address
    language: Literal["sv", "en"] = "sv"
    away_until: date | None = None


class OwnerRow(Row):
    """Who answers for the account, and when."""

    person: str
    role: OwnerRole = OwnerRole.OWNER
    from_on: date | None = Field(default=None, alias="from")
    to_on: date | None = Field(default=None, alias="to")


class AccountRow(Row):
    """One account on one platform."""

    key: Key
    platform: Key
    native_id: Name
    name: Name
    link: Link
    unit: str
    manager: str | None = None  # None: the unit's
    owners: tuple[Annotated[OwnerRow, BeforeValidator(parse_owner)], ...]
    purpose: Line = ""
    audience: Audience = Audience.PUBLIC
    audience_reason: Line = ""
    status: AccountStatus = AccountStatus.APPROVED
    resting_until: date | None = None
    approved_by: Name | None = None
    approved_on: date | None = None
    credential: Key | None = None
    warn_days: Days | None = None
    close_days: Days | None = None
    own_ids: tuple[Name, ...] = ()
    extra: dict[str, str] = Field(default_factory=dict)


ROWS: dict[str, type[Row]] = {"units": UnitRow, "persons": PersonRow, "accounts": AccountRow}
KEYS = {
    "": list(ROWS),
    **{table: [f.alias or name for name, f in row.model_fields.items()] for table, row in ROWS.items()},
    "accounts.owners": [f.alias or name for name, f in OwnerRow.model_fields.items()],
}
