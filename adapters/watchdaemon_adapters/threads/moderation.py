"""What can be done to replies on Threads: hide those on the first level, approve those that wait (Reply Management).

Others' replies cannot be deleted. Answering takes two calls and a permission to publish, and is left to a person.
"""

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.threads.client import PLATFORM, ThreadsClient


def can_on_threads(item: Item) -> frozenset[Action]:
    """Return what the profile may do to the item."""
    if item.kind is not ItemKind.COMMENT or item.by_account:
        return frozenset()
    if item.visibility is Visibility.HELD:
        return frozenset({Action.APPROVE})
    # what stands below a hidden reply goes with it, and cannot be hidden alone
    is_first_level = item.parent_id in (None, item.root_id)
    return frozenset({Action.HIDE, Action.UNHIDE}) if is_first_level else frozenset()


def order(client: ThreadsClient, item: Item, action: Action) -> None:
    """Send an order, once. Raises AdapterError as `ports.Moderator.moderate`."""
    if action is Action.APPROVE:
        answer = client.post(f"{item.external_id}/manage_pending_reply", {"approve": "true"})
    else:
        answer = client.post(f"{item.external_id}/manage_reply", {"hide": "true" if action is Action.HIDE else "false"})
    if answer.get("success") is False:
        message = "Threads answered that it was not done"
        raise AdapterError(message, platform=PLATFORM, account=client.account, reason=Reason.INTERNAL)
    if answer.get("success") is not True:
        message = "Threads did not say whether it was done"
        raise RetriableError(message, platform=PLATFORM, account=client.account, reason=Reason.MALFORMED)
