"""What can be done to comments on YouTube (50 units an order).

Hiding is holding for review, which can be taken back; ``rejected`` cannot be read again and is not used. Others'
comments cannot be deleted (comments.delete, "processingFailure").
"""

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.errors import Reason, RetriableError
from watchdaemon_adapters.youtube.client import YouTubeClient
from watchdaemon_adapters.youtube.mapping import comment_id
from watchdaemon_adapters.youtube.problems import PLATFORM


def can_on_youtube(item: Item) -> frozenset[Action]:
    """Return what the channel may do to the item."""
    if item.kind is not ItemKind.COMMENT:
        return frozenset()
    if item.by_account:
        return frozenset({Action.DELETE, Action.REPLY})
    if item.visibility is Visibility.HELD:
        return frozenset({Action.APPROVE})
    return frozenset({Action.HIDE, Action.UNHIDE, Action.REPLY})


def order(client: YouTubeClient, account: Account, item: Item, action: Action, text: str) -> Receipt:
    """Send an order, once. Raises AdapterError as `ports.Moderator.moderate`."""
    if action is Action.REPLY:
        reply_id = comment_id(client.reply(item.thread_id, text))
        if not reply_id:
            message = "YouTube did not say which reply it wrote"
            raise RetriableError(message, platform=PLATFORM, account=account.key, reason=Reason.MALFORMED)
        return Receipt(reply_id=reply_id)
    if action is Action.DELETE:
        client.delete_comment(item.external_id)
    else:
        client.set_moderation_status(item.external_id, "heldForReview" if action is Action.HIDE else "published")
    return Receipt()


def has_reply(client: YouTubeClient, account: Account, item: Item, text: str, reply_id: str | None) -> bool:
    """Tell whether a reply is there: by its id, or else an own one with its text."""
    if reply_id is not None:
        return bool(client.comments([reply_id]))
    rows = [row for page in client.replies(item.thread_id) for row in page]
    return any(_is_own_with(row, account.native_id, text) for row in rows)


def holds_on_youtube(client: YouTubeClient, item: Item, action: Action, held: Visibility | None) -> bool | None:
    """Tell whether a comment is as an order wants it; `held` is what the listings of held comments say of it.

    By id a comment does not tell its status: what is there and in no held listing is published. Of a reply that cannot
    be said, for it is listed with its thread, which may be older than what was read.
    """
    if action is not Action.DELETE and held is Visibility.HELD:
        return action is Action.HIDE
    is_there = bool(client.comments([item.external_id]))
    if action is Action.DELETE or not is_there:
        return is_there is not (action is Action.DELETE)
    return None if item.parent_id is not None else action is not Action.HIDE


def _is_own_with(row: object, channel_id: str, text: str) -> bool:
    snippet = row.get("snippet") if isinstance(row, dict) else None
    if not isinstance(snippet, dict):
        return False
    author = snippet.get("authorChannelId")
    words = snippet.get("textDisplay")
    is_own = isinstance(author, dict) and author.get("value") == channel_id
    return is_own and isinstance(words, str) and words.strip() == text.strip()
