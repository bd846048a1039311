"""What Facebook's and Instagram's items have in common. Pure."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters._graph.values import (
    BadValueError,
    Row,
    child_of,
    id_of,
    moment_of,
    optional_id,
    optional_link,
    optional_text,
    row_of,
    text_of,
)

MESSAGE_FIELDS = "id,created_time,from,message"

_SITE = "https://www.facebook.com"

P = ParamSpec("P")
RowMapper = Callable[Concatenate[object, Account, P], Item]


def checked(map_row: RowMapper[P]) -> RowMapper[P]:
    """Make a mapper say `MalformedItemError`, naming the kind and the field but never what was in it."""

    @wraps(map_row)
    def sorted_out(row: object, account: Account, *args: P.args, **kwargs: P.kwargs) -> Item:
        try:
            return map_row(row, account, *args, **kwargs)
        except BadValueError as error:
            what = map_row.__name__.removeprefix("map_").replace("_", " ")
            message = f"a {what} breaks the contract: {error}"
            raise MalformedItemError(message, platform=account.platform, account=account.key) from None

    return cast("RowMapper[P]", sorted_out)  # `wraps` names the first two parameters, an alias cannot


@checked
def map_message(
    row: object,
    account: Account,
    *,
    conversation_id: str,
    url: str | None,
    own_names: frozenset[str] = frozenset(),
    automatic: frozenset[str] = frozenset(),
) -> Item:
    """Map a direct message; "" is the text of one with a picture alone.

    Args:
        row: The JSON.
        account: Whose it is.
        conversation_id: Becomes the thread.
        url: Where a person answers.
        own_names: Usernames, folded, that are the account's own where ids are missing.
        automatic: Folded texts that the account's own automation sends.
    """
    message = row_of(row)
    author = child_of(message, "from")
    author_id = optional_id(author)
    username = optional_text(author, "username")
    by_account = author_id in account.own_author_ids or folded(username or "") in own_names
    text = text_of(message, "message")
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=id_of(message),
        thread_id=conversation_id,
        kind=ItemKind.MESSAGE,
        published_at=moment_of(message, "created_time"),
        author=optional_text(author, "name") or username,
        author_id=author_id,
        by_account=by_account,
        is_automatic=by_account and folded(text) in automatic,
        text=text,
        url=url,
        visibility=Visibility.PRIVATE,
    )


def conversation_url(row: Row) -> str | None:
    """Return where a person answers the conversation."""
    return site_link(row, "link")


def site_link(row: Row, key: str) -> str | None:
    """Return an address a person may click on; of conversations and videos the Graph gives a path on the site."""
    link = row.get(key)
    if isinstance(link, str) and link.startswith("/") and not link.startswith("//") and link.isprintable():
        return _SITE + link
    return optional_link(row, key)


def folded(text: str) -> str:
    """Return a text as automatic replies and usernames are compared: no case, no differences of white space."""
    return " ".join(text.split()).casefold()


def folded_all(texts: Iterable[str]) -> frozenset[str]:
    """Fold several; empty ones are left out, or every text-less item would match."""
    return frozenset(folded(t) for t in texts if folded(t))
