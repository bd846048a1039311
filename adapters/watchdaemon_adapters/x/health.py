"""What X says of a token, as a credential's health. Pure.

OAuth 2.0: the scopes are told with each token, and kept beside it. OAuth 1.0a knows none: the app's permission is in
the header ``x-access-level`` ("read", "read-write", "read-write-directmessages").
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from watchdaemon.domain.fetch import CredentialHealth
from watchdaemon_adapters.x.connect import MODERATION_SCOPES, reading_scopes

MESSAGES = "direct messages"
WRITING = "read and write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What X told when it was asked whose the token is."""

    account: str
    handle: str | None
    level: str  # the header, "" where there is none
    is_oauth1: bool
    has_messages: bool  # whether the account's direct messages shall be read


def health_of(told: Told, fields: Mapping[str, SecretStr]) -> CredentialHealth:
    """Say what the token may do; what is not told is not called missing."""
    missing, moderation = _of_permission(told) if told.is_oauth1 else _of_scopes(told, _scopes(fields))
    return CredentialHealth(
        account=told.account,
        is_valid=True,
        detail="the token belongs to the account" + (f"; access level {told.level}" if told.level else ""),
        scopes=_scopes(fields) or ((told.level,) if told.level else ()),
        missing_scopes=missing,
        missing_for_moderation=moderation,
        connected_by=f"@{told.handle}" if told.handle else None,
        kind="OAuth 1.0a" if told.is_oauth1 else "OAuth 2.0",
    )


def _of_permission(told: Told) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lacks_messages = told.has_messages and told.level and "directmessages" not in told.level
    return (MESSAGES,) if lacks_messages else (), (WRITING,) if told.level == "read" else ()


def _of_scopes(told: Told, scopes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not scopes:
        return (), ()
    # offline.access only gives the refresh token: a token that is there was given without it just as well
    needed = [s for s in reading_scopes(messages=told.has_messages) if s != "offline.access"]
    return tuple(s for s in needed if s not in scopes), tuple(s for s in MODERATION_SCOPES if s not in scopes)


def _scopes(fields: Mapping[str, SecretStr]) -> tuple[str, ...]:
    scope = fields.get("scope")
    return tuple(sorted(set(scope.get_secret_value().split()))) if scope is not None else ()
