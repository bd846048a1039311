"""Every error this program raises, sorted by what the caller must do about it.

::

    WatchdaemonError
    ├─ ConfigError                 fix the file; `faults` lists every fault with file, key and line
    │  └─ RefusedCredentialError   a stored token is spent: a person must connect the account again
    ├─ AlreadyRunningError         another process uses the database: it passes, try again
    ├─ PluginError                 names the distribution at fault; the other plug-ins go on
    ├─ AdapterError                one account's (or app's) trouble; `reason` is from a closed set
    │  ├─ RetriableError           time-outs, 5xx: try again, not before `retry_after`
    │  │  └─ RateLimitedError      throttled or out of quota
    │  ├─ AccountError             token revoked, account gone: stop this account, tell a person
    │  └─ MalformedItemError       skip the item, count it, go on
    ├─ StorageError                every database error, its cause chained
    ├─ MailboxError                the mailbox for returned mails does not answer: read it later
    └─ DeliveryError               a mail was not taken; `permanent` tells a bounce from a server that is away

Errors carry their subject as attributes and chain their cause. Their text never holds a token or a citizen's words.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reason(StrEnum):
    """Why a fetch was not complete: the closed set used in the watch log, in logs, metrics and alerts."""

    UNAUTHORISED = "unauthorised"  # token expired, revoked, wrong kind, password changed
    PERMISSION = "permission"  # the token is good but lacks a scope, a role or a review
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"  # the app's or project's budget is spent until a known time
    OUTAGE = "outage"  # no answer, time-out, 5xx, not the platform's own JSON
    MALFORMED = "malformed"  # an answer or an item that the contract does not allow
    SUSPICIOUS_EMPTY = "suspicious_empty"  # 200 with nothing, where something must be
    GONE = "gone"  # the account does not exist or is not visible any more
    NO_CREDENTIAL = "no_credential"  # no readable credential of that name
    NO_ADAPTER = "no_adapter"  # no plug-in for the account's platform
    UNSUPPORTED = "unsupported"  # the platform withdrew the feature
    INCOMPLETE = "incomplete"  # paging stopped early (limit, repeating page token)
    STORAGE = "storage"  # fetched, but the database did not take it
    NOT_RUNNING = "not_running"  # the daemon was not running in that window
    NOT_FETCHED = "not_fetched"  # the daemon ran, but no fetch was tried in that window
    NOT_CONFIRMED = "not_confirmed"  # only a person can look at this account, and none has said that they did
    INTERNAL = "internal"  # a fault of our own or of a plug-in; the log has the trace


class WatchdaemonError(Exception):
    """The root: only `daemon` and `cli` catch it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a file a person wrote."""

    file: str
    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        """Write it as ``file:line: key: message``, the way editors jump to."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ConfigError(WatchdaemonError):
    """A file, setting or command line that a person must correct; `faults` holds every fault found."""

    def __init__(self, message: str = "", faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join([*([message] if message else []), *map(str, self.faults)]))


class RefusedCredentialError(ConfigError):
    """The platform refused to renew a stored credential: only connecting the account again helps."""


class AlreadyRunningError(WatchdaemonError):
    """Another process uses the same database. No fault of the configuration: systemd is to start the daemon again."""


class PluginError(WatchdaemonError):
    """An adapter plug-in that cannot be used; names the distribution it came from."""

    def __init__(self, message: str, *, plugin: str, distribution: str) -> None:
        super().__init__(message)
        self.plugin = plugin
        self.distribution = distribution


class AdapterError(WatchdaemonError):
    """A platform did not give what was asked for."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        reason: Reason,
        account: str | None = None,
        cause_key: str | None = None,
    ) -> None:
        """Make an error about `platform`.

        Args:
            message: One sentence for an operator, without tokens, URLs with tokens, or item texts.
            platform: The adapter's name.
            reason: What kind of trouble, from the closed set.
            account: The account's key, when the trouble is its own.
            cause_key: Names a cause shared by several accounts (an app, a project, the platform); alerts with the
                same key are one alert. None when the account alone is the cause.
        """
        super().__init__(message)
        self.platform = platform
        self.reason = reason
        self.account = account
        self.cause_key = cause_key


class RetriableError(AdapterError):
    """Try again later; not before `retry_after` when the platform said so."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        reason: Reason = Reason.OUTAGE,
        account: str | None = None,
        cause_key: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message, platform=platform, reason=reason, account=account, cause_key=cause_key)
        self.retry_after = retry_after


class RateLimitedError(RetriableError):
    """The platform asked us to slow down, or a budget is spent."""

    def __init__(
        self,
        message: str,
        *,
        platform: str,
        reason: Reason = Reason.RATE_LIMITED,
        account: str | None = None,
        cause_key: str | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(
            message, platform=platform, reason=reason, account=account, cause_key=cause_key, retry_after=retry_after
        )


class AccountError(AdapterError):
    """Only a person can mend it: stop this account and tell somebody."""


class MalformedItemError(AdapterError):
    """One item breaks the platform's contract: it is skipped and counted, the fetch becomes partial."""

    def __init__(self, message: str, *, platform: str, account: str | None = None) -> None:
        super().__init__(message, platform=platform, reason=Reason.MALFORMED, account=account)


class StorageError(WatchdaemonError):
    """The database did not do what was asked; nothing of that transaction was kept."""


class MailboxError(WatchdaemonError):
    """The mailbox that mails come back to cannot be read now; says why without the server's words."""


class DeliveryError(WatchdaemonError):
    """A mail was not taken by the server."""

    def __init__(
        self,
        message: str,
        *,
        recipient: str,
        permanent: bool,
        code: int | None = None,
        status: str = "",
        is_server: bool = False,
    ) -> None:
        """Make an error about one mail.

        Args:
            message: One sentence for an operator, without addresses.
            recipient: The address.
            permanent: An SMTP 5xx about this recipient or message; otherwise the server is away or busy.
            code: The SMTP code, when the server gave one.
            status: The enhanced status code (RFC 3463) that came with it.
            is_server: It failed before the mail was spoken of: no other mail would fare better now.
        """
        super().__init__(message)
        self.recipient = recipient
        self.permanent = permanent
        self.code = code
        self.status = status
        self.is_server = is_server
