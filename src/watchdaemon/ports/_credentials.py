"""Credentials: where secrets come from, how a rotating one is renewed, and how sealed ones are kept."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from pydantic import SecretStr

from watchdaemon.domain.credential import CredentialCheck, CredentialRecord


class CredentialSource(Protocol):
    """Where secrets come from: systemd's credential directory or a configured one."""

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return a credential's fields; a file with one bare line is ``{"token": …}``.

        Raises:
            ConfigError: There is none of that name, or it cannot be read; names it and where it was looked for.
        """
        ...


class Refresh(Protocol):
    """One refresh of one credential, made by nobody else at the same time; see `CredentialStore.refreshing`."""

    fields: Mapping[str, SecretStr]  # as they are now: another thread or process may have refreshed them meanwhile
    was_interrupted: bool  # the last refresh was begun and its end never written down: the token may be spent

    def begin(self) -> None:
        """Write down that the old token is about to be used up. Durable when it returns."""
        ...

    def finish(self, fields: Mapping[str, SecretStr]) -> None:
        """Replace all fields by the new ones. Durable when it returns; only then may the new token be used."""
        ...

    def refused(self) -> None:
        """Write down that the platform refuses the old token for good: a person must connect the account again."""
        ...


@runtime_checkable
class CredentialStore(CredentialSource, Protocol):
    """A source that can be written to, too: an adapter asks ``isinstance(context.credentials, CredentialStore)``.

    A credential that was refused is read as a ConfigError which says so.
    """

    def write(self, name: str, fields: Mapping[str, SecretStr], *, by: str = "") -> None:
        """Keep a credential, encrypted and durable; whatever state it was in, it is good now.

        Raises:
            ConfigError: There is no key to encrypt with; says how to make one.
            StorageError: The database does not take it.
        """
        ...

    def refreshing(self, name: str) -> AbstractContextManager[Refresh]:
        """Take the credential's turn: one refresher at a time, over all threads and processes. Not re-entrant.

        The order is always: look at `fields` (somebody else may have done it), `begin`, ask the platform, `finish` or
        `refused`. When the platform did not answer, do neither: the next one tries the same token again.

        Raises:
            ConfigError: There is no such credential, no key, or it was refused before.
            StorageError: The database does not answer.
        """
        ...


class CredentialRecords(Protocol):
    """Sealed credentials, and what the platforms last said of them."""

    def credential_record(self, name: str) -> CredentialRecord | None:
        """Return a stored credential, still sealed."""
        ...

    def credential_records(self) -> list[CredentialRecord]:
        """Return every stored credential by name."""
        ...

    def put_credential(self, record: CredentialRecord) -> bool:
        """Keep a record if the stored one has the revision just before its own (0: there is none); else False.

        Durable when it returns: it survives a power cut, not only a killed process.
        """
        ...

    def remove_credential(self, name: str) -> bool:
        """Forget a credential; False when there was none."""
        ...

    def save_credential_check(self, check: CredentialCheck) -> None:
        """Keep what was found of an account's credential, in place of what was found before."""
        ...

    def credential_checks(self) -> dict[str, CredentialCheck]:
        """Return the last check of every account, by account key."""
        ...

    def credential_turn(self, name: str) -> AbstractContextManager[None]:
        """Wait for, and hold, the right to change that credential, among all threads and processes. Not re-entrant.

        A holder that is killed gives it back.
        """
        ...
