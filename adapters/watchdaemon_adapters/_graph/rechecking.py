"""Reading single items again: still there, edited, hidden, or gone for certain."""

from collections.abc import Callable, Iterator, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AdapterError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import ends_the_fetch, trouble_of
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.values import Row


def recheck_items(
    account: Account,
    items: Sequence[Item],
    *,
    reader: Callable[[], GraphClient],
    fields_of: Callable[[ItemKind], str | None],
    reread: Callable[[Row, Account, Item], Item],
) -> Iterator[Recheck]:
    """Yield one `Recheck` an item.

    Only the Graph's own word for "no such object", given to a token that was just seen to be the account's, makes an
    item deleted; anything else leaves it as it was, with the trouble.

    Args:
        account: Whose items they are.
        items: What to ask for.
        reader: Gives a client whose token was checked; called once.
        fields_of: The fields to ask for, by kind; None where a kind cannot be asked for.
        reread: Maps the answer, with what is known of the item.
    """
    stopped: AdapterError | None = None
    try:
        client = reader() if items else None
    except AdapterError as error:
        client, stopped = None, error
    for item in items:
        fields = fields_of(item.kind)
        if fields is None:
            yield _unknown(account, item, None)
            continue
        if client is None or stopped is not None:
            yield _unknown(account, item, stopped)
            continue
        try:
            fresh = reread(client.get(item.external_id, {"fields": fields}), account, item)
            yield Recheck(account=account.key, external_id=item.external_id, visibility=fresh.visibility, item=fresh)
        except MissingObjectError:
            yield Recheck(account=account.key, external_id=item.external_id, visibility=Visibility.DELETED)
        except AdapterError as error:
            if ends_the_fetch(error):
                stopped = error  # the others would fare no better
            yield _unknown(account, item, error)


def _unknown(account: Account, item: Item, error: AdapterError | None) -> Recheck:
    trouble = None if error is None else trouble_of(error, None)
    return Recheck(account=account.key, external_id=item.external_id, visibility=None, trouble=trouble)
