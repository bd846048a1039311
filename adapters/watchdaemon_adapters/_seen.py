"""Whether a recheck saw what an order wanted: for platforms whose recheck tells."""

from collections.abc import Iterable

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.moderation import Action, agrees
from watchdaemon.errors import AdapterError


def is_so(account: Account, found: Iterable[Recheck], action: Action) -> bool | None:
    """Tell whether the one item that was read again is as the action wants it; None when that cannot be seen.

    Raises:
        AdapterError: It could not be read.
    """
    for recheck in found:
        if recheck.trouble is not None:
            trouble = recheck.trouble
            raise AdapterError(trouble.detail, platform=account.platform, reason=trouble.reason, account=account.key)
        return agrees(action, recheck.visibility)
    return None
