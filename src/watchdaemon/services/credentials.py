"""Credentials: their daily health check, and connecting an account with proof of whose it is."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import structlog
from pydantic import SecretStr

from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.audit import Change
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.fetch import CredentialHealth
from watchdaemon.domain.quota import Held
from watchdaemon.errors import AccountError, AdapterError, ConfigError, Reason
from watchdaemon.ports import (
    Clock,
    CredentialRecords,
    CredentialSource,
    CredentialStore,
    PlatformAdapter,
    RegisterStore,
)
from watchdaemon.rules.credentials import checks_due
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

Adapters = Callable[[str], PlatformAdapter]
"""Gives the adapter of a platform. Raises AdapterError (NO_ADAPTER) when there is none that works."""

_THREADS: Final = 4
_OF_THE_CREDENTIAL: Final = frozenset({Reason.UNAUTHORISED, Reason.NO_CREDENTIAL, Reason.PERMISSION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What came of asking about one account's credential just now."""

    check: CredentialCheck  # as it is kept: when the platform did not say, what it said before
    silence: AdapterError | None = None  # why the platform said nothing of the credential this time
    missing_for_moderation: tuple[str, ...] = ()  # watching needs none of it: told when asked, and not kept


class HealthService:
    """Asks the platforms about credentials and keeps what they say. One account's trouble never stops another's."""

    def __init__(self, *, store: CredentialRecords, adapters: Adapters, clock: Clock) -> None:
        self._store = store
        self._adapters = adapters
        self._clock = clock
        # One pool for good: each thread keeps its own HTTP client.
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="health")

    def run(
        self,
        register: Register,
        now: datetime,
        *,
        stop: threading.Event | None = None,
        hold: Callable[[Account], Held | None] = lambda _: None,
    ) -> int:
        """Check what is due, and return how much that was.

        An account for which `hold` gives a reason (its budget is near its end) is left, and stays due: watching comes
        first.

        Raises:
            StorageError: The database does not take it.
        """
        stop = stop or threading.Event()
        checks = self._store.credential_checks()
        due = checks_due(now, register.watched(), checks)
        futures = [
            self._pool.submit(self._check_unless, stop, account, checks.get(account.key))
            for account in due
            if hold(account) is None
        ]
        return sum(future.result() is not None for future in futures)

    def examine(self, accounts: Sequence[Account]) -> list[Examined]:
        """Ask the platforms about these accounts' credentials now, owed or not, and keep the answers, in their order.

        Raises:
            StorageError: The database does not take it.
        """
        checks = self._store.credential_checks()
        return list(self._pool.map(lambda account: self._check(account, checks.get(account.key)), accounts))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _check_unless(self, stop: threading.Event, account: Account, before: CredentialCheck | None) -> Examined | None:
        return None if stop.is_set() else self._check(account, before)

    def _check(self, account: Account, before: CredentialCheck | None) -> Examined:
        examined = self._ask(account, before)
        found = examined.check
        if before is None or before.verdict is not found.verdict:
            log.info(
                "credential_checked",
                account=account.key,
                platform=account.platform,
                verdict=found.verdict.value,
                reason=found.reason.value if found.reason else None,
            )
        self._store.save_credential_check(found)
        return examined

    def _ask(self, account: Account, before: CredentialCheck | None) -> Examined:
        now = self._clock()
        try:
            health = self._adapters(account.platform).credential(account)
        except AccountError as error:
            if error.reason in _OF_THE_CREDENTIAL:
                return Examined(check=_dead(account, error, now))
            return _unanswered(account, before, error, now)
        except AdapterError as error:
            return _unanswered(account, before, error, now)
        except Exception as error:  # noqa: BLE001 - whatever a plug-in does, the other accounts are asked about
            name = type(error).__name__
            log.error("check_failed", account=account.key, platform=account.platform, error=name, at=where(error))
            message = f"the adapter failed ({name})"
            fault = AdapterError(message, platform=account.platform, account=account.key, reason=Reason.INTERNAL)
            return _unanswered(account, before, fault, now)
        return Examined(check=_said(account, health, now), missing_for_moderation=health.missing_for_moderation)


def _said(account: Account, health: CredentialHealth, now: datetime) -> CredentialCheck:
    return CredentialCheck(
        account=account.key,
        credential=account.credential,
        verdict=CredentialVerdict.VALID if health.is_valid else CredentialVerdict.DEAD,
        tried_at=now,
        checked_at=now,
        reason=None if health.is_valid else Reason.UNAUTHORISED,
        detail=health.detail,
        kind=health.kind,
        scopes=health.scopes,
        missing_scopes=health.missing_scopes,
        connected_by=health.connected_by,
        expires_at=health.expires_at,
        clocks=health.clocks,
    )


def _dead(account: Account, error: AccountError, now: datetime) -> CredentialCheck:
    return CredentialCheck(
        account=account.key,
        credential=account.credential,
        verdict=CredentialVerdict.DEAD,
        tried_at=now,
        checked_at=now,
        reason=error.reason,
        detail=str(error),
        cause_key=error.cause_key,
    )


def _unanswered(account: Account, before: CredentialCheck | None, why: AdapterError, now: datetime) -> Examined:
    """What the platform said before still stands; it is only tried again sooner."""
    if before is not None and before.credential == account.credential:
        return Examined(check=replace(before, tried_at=now), silence=why)
    unknown = CredentialCheck(
        account=account.key,
        credential=account.credential,
        verdict=CredentialVerdict.UNKNOWN,
        tried_at=now,
        detail=str(why),
    )
    return Examined(check=unknown, silence=why)


# ---- connecting ------------------------------------------------------------------------------------------------


class ConnectStore(RegisterStore, CredentialRecords, Protocol):
    """What connecting needs of the store."""


class OnlyThis:
    """A source with one credential that is stored nowhere: what is to be proven before it is kept."""

    def __init__(self, name: str, fields: Mapping[str, SecretStr]) -> None:
        self._name = name
        self._fields = fields

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return it. Raises ConfigError for any other name."""
        if name != self._name:
            raise ConfigError(f"credential {name!r} is not the one that is being connected")
        return self._fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """An account that was connected, and what its platform says of the credential."""

    account: Account
    credential: str
    health: CredentialHealth


class ConnectService:
    """Keeps a credential for an account, after the platform has proven that it is that account's."""

    def __init__(
        self,
        *,
        store: ConnectStore,
        credentials: CredentialStore,
        adapter_with: Callable[[str, CredentialSource], PlatformAdapter],
        clock: Clock,
    ) -> None:
        """Make the service. `adapter_with` makes a platform's adapter that reads another source of credentials."""
        self._store = store
        self._credentials = credentials
        self._adapter_with = adapter_with
        self._clock = clock

    def keep(self, account: Account, fields: Mapping[str, SecretStr], *, by: str) -> Connected:
        """Prove, and keep.

        Args:
            account: Whose credential it must be.
            fields: The credential.
            by: Who connected it, for the audit table.

        Raises:
            AccountError: The platform says it is not this account's, or does not work; nothing was kept.
            AdapterError: The platform did not answer; nothing was kept.
            ConfigError: There is no key to encrypt it with.
            StorageError: The database does not take it.
        """
        name = account.credential or account.key
        claimed = replace(account, credential=name)
        adapter = self._adapter_with(account.platform, OnlyThis(name, fields))
        health = adapter.credential(claimed)
        if health.is_valid:
            # Some platforms judge a token without a word about whose it is; the profile is the account's own or none.
            adapter.profile(claimed)
        else:
            raise AccountError(
                f"not kept: {health.detail}",
                platform=account.platform,
                account=account.key,
                reason=Reason.UNAUTHORISED,
            )
        self._credentials.write(name, fields, by=by)
        now = self._clock()
        self._book(account, name, by=by, at=now)
        self._store.save_credential_check(_said(claimed, health, now))
        return Connected(account=claimed, credential=name, health=health)

    def _book(self, account: Account, name: str, *, by: str, at: datetime) -> None:
        """Write into the audit table who connected it, and have the account name its credential if it did not."""
        register = self._store.load_register()
        changes = [Change(kind="credential", key=name, field="", before=None, after=f"connected for {account.key}")]
        accounts = dict(register.accounts)
        if account.credential is None:
            accounts[account.key] = replace(accounts[account.key], credential=name)
            changes.append(Change(kind="account", key=account.key, field="credential", before=None, after=name))
        self._store.apply_changes(replace(register, accounts=accounts), changes, by=by, at=at)


def shared_with(register: Register, account: Account) -> Sequence[str]:
    """Return the other accounts that read the same credential."""
    if account.credential is None:
        return ()
    return [a.key for a in register.accounts.values() if a.credential == account.credential and a.key != account.key]
