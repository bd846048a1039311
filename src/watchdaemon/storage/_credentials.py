"""Sealed credentials, their turns, and what the platforms last said of them."""

import contextlib
import threading
from collections.abc import Iterator

from sqlalchemy import delete, select, update

from watchdaemon.domain.credential import CredentialCheck, CredentialRecord
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import CredentialCheckRow, CredentialRow, table

_credentials, _checks = table(CredentialRow), table(CredentialCheckRow)

_turns: dict[tuple[str, str], threading.Lock] = {}
_turns_guard = threading.Lock()


class CredentialPart(Part):
    """Implements `ports.CredentialRecords`."""

    def credential_record(self, name: str) -> CredentialRecord | None:
        """Return a stored credential, still sealed."""
        with self._db.read(f"read credential {name}") as connection:
            row = connection.execute(select(_credentials).where(_credentials.c.name == name)).mappings().one_or_none()
        return None if row is None else mapping.credential_from_row(row)

    def credential_records(self) -> list[CredentialRecord]:
        """Return every stored credential by name."""
        with self._db.read("read the credentials") as connection:
            rows = connection.execute(select(_credentials).order_by(_credentials.c.name)).mappings()
            return [mapping.credential_from_row(r) for r in rows]

    def put_credential(self, record: CredentialRecord) -> bool:
        """Keep a record if the stored one has the revision just before its own (0: there is none); else False."""
        row = mapping.credential_to_row(record)
        with self._db.write(f"keep credential {record.name}", durable=True) as connection:
            if record.revision == 1:
                insert = self._db.insert(_credentials).values(row).on_conflict_do_nothing()
                return connection.execute(insert.returning(_credentials.c.name)).one_or_none() is not None
            same = (_credentials.c.name == record.name) & (_credentials.c.revision == record.revision - 1)
            return connection.execute(update(_credentials).where(same).values(row)).rowcount == 1

    def remove_credential(self, name: str) -> bool:
        """Forget a credential; False when there was none."""
        with self._db.write(f"forget credential {name}", durable=True) as connection:
            return connection.execute(delete(_credentials).where(_credentials.c.name == name)).rowcount == 1

    def save_credential_check(self, check: CredentialCheck) -> None:
        """Keep what was found of an account's credential, in place of what was found before."""
        with self._db.write(f"keep a check of {check.account}") as connection:
            connection.execute(self._db.upsert(_checks), [mapping.check_to_row(check)])

    def credential_checks(self) -> dict[str, CredentialCheck]:
        """Return the last check of every account, by account key."""
        with self._db.read("read the credential checks") as connection:
            rows = connection.execute(select(_checks).order_by(_checks.c.account)).mappings()
            return {r["account"]: mapping.check_from_row(r) for r in rows}

    @contextlib.contextmanager
    def credential_turn(self, name: str) -> Iterator[None]:
        """Wait for, and hold, the right to change that credential, among all threads and processes."""
        with _turns_guard:
            lock = _turns.setdefault((str(self._db.url), name), threading.Lock())
        # Threads queue here, so that only one of a process waits outside.
        with lock, self._db.turn(name):
            yield
