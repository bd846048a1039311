"""Sealed credentials, and what the platforms last said of them."""

import contextlib
from collections.abc import Iterator

from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.rules.keeping import storable
from watchdaemon.testing.memory._part import Part, stored


class CredentialPart(Part):
    """Implements `ports.CredentialRecords`."""

    def credential_record(self, name: str) -> CredentialRecord | None:
        """Return a stored credential, still sealed."""
        with self._turn() as data:
            return data.credentials.get(storable(name))

    def credential_records(self) -> list[CredentialRecord]:
        """Return every stored credential by name."""
        with self._turn() as data:
            return [record for _, record in sorted(data.credentials.items())]

    def put_credential(self, record: CredentialRecord) -> bool:
        """Keep a record if the stored one has the revision just before its own (0: there is none); else False."""
        record = stored(record)
        with self._turn() as data:
            known = data.credentials.get(record.name)
            if record.revision != (known.revision if known else 0) + 1:
                return False
            data.credentials[record.name] = record
            return True

    def remove_credential(self, name: str) -> bool:
        """Forget a credential; False when there was none."""
        with self._turn() as data:
            return data.credentials.pop(storable(name), None) is not None

    def save_credential_check(self, check: CredentialCheck) -> None:
        """Keep what was found of an account's credential, in place of what was found before."""
        check = stored(check)
        with self._turn() as data:
            data.checks[check.account] = check

    def credential_checks(self) -> dict[str, CredentialCheck]:
        """Return the last check of every account, by account key."""
        with self._turn() as data:
            return dict(sorted(data.checks.items()))

    @contextlib.contextmanager
    def credential_turn(self, name: str) -> Iterator[None]:
        """Wait for, and hold, the right to change that credential."""
        with self._turn() as data:
            turn = data.turns[name]
        with turn:
            yield
