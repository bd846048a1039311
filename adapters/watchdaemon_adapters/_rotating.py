"""Tokens that are used up when they are renewed: the order that no crash can break.

Under the credential's lock: write down that the old token is about to be used; ask the platform; write the new token
down, durable; only then use it. A crash in between leaves the mark, and the next one tries the old token again: where
the platform never saw the request, or grants a grace, that works; otherwise its refusal is the proof that a person
must connect the account again, which is then written down, so that nobody asks a third time.
"""

from collections.abc import Callable, Mapping

from pydantic import SecretStr

from watchdaemon.errors import AccountError, ConfigError, Reason, RefusedCredentialError
from watchdaemon.ports import CredentialSource, CredentialStore

Fields = Mapping[str, SecretStr]


def renewed(
    source: CredentialSource,
    name: str,
    *,
    platform: str,
    account: str,
    is_good: Callable[[Fields], bool],
    exchange: Callable[[Fields], Fields],
) -> Fields:
    """Return the credential's fields with a good token, renewing it when need be. One caller at a time renews.

    Args:
        source: Where the credential is; must be a `CredentialStore`, or a new token would be lost.
        name: The credential's name.
        platform: The adapter's name, for errors.
        account: The account's key, for errors.
        is_good: Whether fields hold a token that can be used as it is; asked again inside the lock.
        exchange: Asks the platform, and returns the fields that change. An AccountError with reason UNAUTHORISED means
            that the platform refuses the old token for good; any other error leaves it to be tried again.

    Raises:
        AccountError: UNAUTHORISED: a person must connect the account again. NO_CREDENTIAL: it cannot be read, or there
            is nowhere to keep a new token.
        AdapterError: What `exchange` raises.
        StorageError: The database does not answer.
    """
    if not isinstance(source, CredentialStore):
        message = f"credential {name} must be renewed, and there is nowhere to keep the new token"
        raise AccountError(message, platform=platform, reason=Reason.NO_CREDENTIAL, account=account)
    try:
        with source.refreshing(name) as refresh:
            if is_good(refresh.fields):
                return refresh.fields
            was_interrupted = refresh.was_interrupted
            refresh.begin()
            try:
                new = {**refresh.fields, **exchange(refresh.fields)}
            except AccountError as error:
                if error.reason is Reason.UNAUTHORISED:
                    refresh.refused()
                    raise _must_reconnect(platform, account, was_interrupted=was_interrupted) from error
                raise
            refresh.finish(new)
            return new
    except ConfigError as error:
        raise credential_error(error, platform=platform, account=account) from None


def credential_error(error: ConfigError, *, platform: str, account: str) -> AccountError:
    """Return the account's error for a credential that cannot be read: spent is another matter than missing."""
    if isinstance(error, RefusedCredentialError):
        return _must_reconnect(platform, account, was_interrupted=False)
    return AccountError(str(error), platform=platform, reason=Reason.NO_CREDENTIAL, account=account)


def _must_reconnect(platform: str, account: str, *, was_interrupted: bool) -> AccountError:
    why = "an earlier renewal was interrupted, and its token is used up" if was_interrupted else "expired or withdrawn"
    message = f"the account must be connected again ({why}): watchdaemon auth {platform} --account {account}"
    return AccountError(message, platform=platform, reason=Reason.UNAUTHORISED, account=account)
