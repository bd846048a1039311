"""What can be done to statuses on Mastodon: delete own ones, and answer. Others' are left to the instance's moderators.

An answer names whom it answers, without which they would not be told (that is how Mastodon's own clients do it), and is
as visible as what it answers. ``Idempotency-Key`` (statuses, "Post a new status") keeps the same answer from being
there twice within the hour; it is not sent again by itself all the same.
"""

import hashlib

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.errors import AccountError, Reason, RetriableError
from watchdaemon_adapters.mastodon.client import Json, MastodonClient, as_id
from watchdaemon_adapters.mastodon.plain import plain_text
from watchdaemon_adapters.mastodon.problems import PLATFORM


def can_on_mastodon(item: Item) -> frozenset[Action]:
    """Return what the account may do to the item."""
    if item.kind not in (ItemKind.COMMENT, ItemKind.MENTION):
        return frozenset()
    return frozenset({Action.DELETE}) if item.by_account else frozenset({Action.REPLY})


def order(client: MastodonClient, account: Account, item: Item, action: Action, text: str) -> Receipt:
    """Send an order, once. Raises AdapterError as `ports.Moderator.moderate`."""
    if action is Action.DELETE:
        client.delete_status(item.external_id)
        return Receipt()
    asked = client.status(item.external_id)
    if asked is None:
        message = "the status that is answered is gone"
        raise AccountError(message, platform=PLATFORM, reason=Reason.GONE, account=account.key)
    key = hashlib.sha256(repr((account.key, item.external_id, text)).encode()).hexdigest()
    form = {"status": _addressed(asked, text), "in_reply_to_id": item.external_id, "visibility": _visibility(asked)}
    reply_id = as_id(client.post_status(form, key=key).get("id"))
    if reply_id is None:
        message = "the instance did not say which status it wrote"
        raise RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=account.key)
    return Receipt(reply_id=reply_id)


def has_reply(client: MastodonClient, account: Account, item: Item, text: str, reply_id: str | None) -> bool:
    """Tell whether a reply is there: by its id, or else an own one below the item with its text."""
    if reply_id is not None:
        return client.status(reply_id) is not None
    context = client.context(item.external_id)
    return context is not None and any(_is_own_with(row, account, item, text) for row in context.descendants)


def _is_own_with(row: object, account: Account, item: Item, text: str) -> bool:
    if not isinstance(row, dict) or row.get("in_reply_to_id") != item.external_id:
        return False
    author, content = row.get("account"), row.get("content")
    is_own = isinstance(author, dict) and author.get("id") == account.native_id
    return is_own and isinstance(content, str) and plain_text(content).strip().endswith(text.strip())


def _addressed(asked: Json, text: str) -> str:
    author = asked.get("account")
    acct = author.get("acct") if isinstance(author, dict) else None
    if not isinstance(acct, str) or not acct or f"@{acct}".casefold() in text.casefold():
        return text
    return f"@{acct} {text}"


def _visibility(asked: Json) -> str:
    seen = asked.get("visibility")
    return seen if isinstance(seen, str) and seen in ("public", "private", "direct") else "unlisted"
