"""What can be done to posts on X: hide replies under own posts, and delete own posts.

Nobody can delete another's post, and replies by the API are restricted since February 2026 (only where the other
account mentioned or quoted this one, on the self-serve tiers): they are left to a person.
"""

from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters.x.client import XClient, rows_of
from watchdaemon_adapters.x.problems import PLATFORM, errors_of, problem_kind


def can_on_x(item: Item) -> frozenset[Action]:
    """Return what the account may do to the item."""
    if item.kind is ItemKind.COMMENT and item.by_account:
        return frozenset({Action.DELETE})
    # only in conversations that the account began (PUT /2/tweets/:id/hidden); then the own post is known
    if item.kind is ItemKind.COMMENT and item.root_id is not None:
        return frozenset({Action.HIDE, Action.UNHIDE})
    return frozenset()


def order(client: XClient, account: str, item: Item, action: Action) -> None:
    """Send an order, once. Raises AdapterError as `ports.Moderator.moderate`."""
    wish = action is not Action.UNHIDE
    name = "deleted" if action is Action.DELETE else "hidden"
    if action is Action.DELETE:
        answer = client.delete_post(item.extra.get("version_id", item.external_id))
    else:
        answer = client.set_hidden(item.external_id, hidden=wish)
    data = answer.get("data")
    done = data.get(name) if isinstance(data, dict) else None
    if done is wish:
        return
    if isinstance(done, bool):
        message = "X answered that it was not done"
        raise AdapterError(message, platform=PLATFORM, account=account, reason=Reason.INTERNAL)
    message = "X did not say whether it was done"
    raise RetriableError(message, platform=PLATFORM, account=account, reason=Reason.MALFORMED)


def holds_on_x(client: XClient, item: Item, action: Action) -> bool | None:
    """Read again whether a post is deleted. No field tells whether a reply is hidden."""
    if action is not Action.DELETE:
        return None
    body = client.look_up([item.extra.get("version_id", item.external_id)])
    if rows_of(body):
        return False
    return True if any(problem_kind(e) == "resource-not-found" for e in errors_of(body)) else None
