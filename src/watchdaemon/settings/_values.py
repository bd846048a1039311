"""Values as people write them in the configuration: hours, lengths of time, zones, addresses, colours."""

import re
from datetime import date, time, timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from watchdaemon.domain.calendar import OfficeHours
from watchdaemon.handwritten import check_address, check_line
from watchdaemon.settings._credentials import check_name

_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")
_LENGTH = re.compile(r"\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*(?:(\d+)\s*s)?\s*")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_LAST_PORT = 65_535


def parse_hours(value: object) -> OfficeHours:
    """Read ``"08:00-12:00"``; opening must come before closing. Raises ValueError."""
    if isinstance(value, OfficeHours):
        return value
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be written like "08:00-12:00"')
    numbers = [int(n) for n in found.groups()]
    try:
        opens, closes = time(numbers[0], numbers[1]), time(numbers[2], numbers[3])
    except ValueError as error:
        raise ValueError("names an hour that does not exist (00:00 to 23:59)") from error
    if opens >= closes:
        raise ValueError("must open before it closes, within one day")
    return OfficeHours(opens=opens, closes=closes)


def parse_length(value: object) -> timedelta:
    """Read ``"2h"``, ``"45m"``, ``"1h30m"``, ``"90s"`` or ``"2d"``. Raises ValueError."""
    if isinstance(value, timedelta):
        return value
    found = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if found is None or not any(found.groups()):
        raise ValueError('must be a length of time such as "2h", "45m" or "1h30m"')
    days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def parse_zone(value: object) -> ZoneInfo:
    """Read a zone of the tz database, ``"Europe/Stockholm"``. Raises ValueError."""
    if isinstance(value, ZoneInfo):
        return value
    try:
        return ZoneInfo(str(value))
    except (OSError, ValueError, LookupError) as error:  # ZoneInfo raises each of them for some bad name
        raise ValueError('is not a time zone (they are named like "Europe/Stockholm")') from error


def parse_day(value: object) -> date:
    """Read a date, bare or in quotes. Raises ValueError."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("must be a date such as 2026-12-23") from error


def check_country(value: str) -> str:
    """Refuse a country without a holiday calendar. Raises ValueError."""
    from holidays.registry import COUNTRIES  # slow to import, and only `country` needs it

    code = value.upper()
    if code not in {names[1] for names in COUNTRIES.values()}:
        raise ValueError('is not a country with a known holiday calendar (two letters, "SE")')
    return code


def check_colour(value: str) -> str:
    """Refuse what is not ``#rrggbb``. Raises ValueError."""
    if not _COLOUR.fullmatch(value):
        raise ValueError('must be a colour such as "#1f5c99"')
    return value.lower()


def check_listen(value: str) -> str:
    """Refuse what is not host:port. Raises ValueError."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) <= _LAST_PORT:
        raise ValueError('must be an address and a port such as "127.0.0.1:8470"')
    return value


def check_public_url(value: str) -> str:
    """Refuse what no link can begin with. Raises ValueError."""
    parts = urlsplit(value)
    is_plain = not (parts.query or parts.fragment or parts.username or parts.password)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain or not value.isascii():
        raise ValueError('must be a web address such as "https://watch.example.org"')
    if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
        raise ValueError("must begin with https://, or the links would cross the network in the clear")
    return value.rstrip("/")


def check_ip_address(value: str) -> str:
    """Refuse what is not one address. Raises ValueError."""
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise ValueError('must be an IP address such as "127.0.0.1"') from error


Hours = Annotated[OfficeHours, BeforeValidator(parse_hours)]
Length = Annotated[timedelta, BeforeValidator(parse_length)]
Zone = Annotated[ZoneInfo, BeforeValidator(parse_zone)]
Day = Annotated[date, BeforeValidator(parse_day)]
Country = Annotated[str, AfterValidator(check_country)]
Address = Annotated[str, AfterValidator(check_address)]
Colour = Annotated[str, AfterValidator(check_colour)]
Line = Annotated[str, AfterValidator(check_line)]
CredentialName = Annotated[str, AfterValidator(check_name)]
Listen = Annotated[str, AfterValidator(check_listen)]
PublicUrl = Annotated[str, AfterValidator(check_public_url)]
IpAddress = Annotated[str, AfterValidator(check_ip_address)]
