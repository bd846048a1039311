"""Reading single items again: still there, edited, hidden, or gone for certain. Fifty of them in a request."""

from collections.abc import Awaitable, Callable, Iterator, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.errors import AdapterError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.collect import trouble_of
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.rounds import AccountClient, Delivery, run_rounds
from watchdaemon_adapters._graph.values import Row


def recheck_items(
    account: Account,
    items: Sequence[Item],
    *,
    client: Callable[[], AccountClient],
    delivery: Delivery,
    check: Callable[[GraphClient], Awaitable[None]],
    fields_of: Callable[[Item], str | None],
    reread: Callable[[Row, Account, Item], Item],
) -> Iterator[Recheck]:
    """Yield one `Recheck` an item.

    Only the Graph's own word for "no such object", given to a token that was just seen to be the account's, makes an
    item deleted; anything else leaves it as it was, with the trouble.

    Args:
        account: Whose items they are.
        items: What to ask for.
        client: Makes the account's client. Raises AdapterError.
        delivery: Gets the answers.
        check: Makes sure that the client's token may be believed. Raises AdapterError.
        fields_of: The fields to ask for; None for an item that cannot be asked for.
        reread: Maps the answer, with what is known of the item.
    """
    if not items:
        return

    async def prepare() -> AccountClient | AdapterError:
        try:
            made = client()
            await check(made)
        except AdapterError as error:
            return error
        return made

    async def ask(reader: AccountClient, item: Item, fields: str) -> Recheck:
        try:
            fresh = reread(await reader.get(item.external_id, {"fields": fields}), account, item)
        except MissingObjectError:
            return Recheck(account=account.key, external_id=item.external_id, visibility=Visibility.DELETED)
        except AdapterError as error:
            return _unknown(account, item, error)
        return Recheck(account=account.key, external_id=item.external_id, visibility=fresh.visibility, item=fresh)

    (reader,) = run_rounds([prepare()], delivery)
    wanted: list[tuple[AccountClient, Item, str]] = []
    for item in items:
        fields = fields_of(item)
        if fields is None:
            yield _unknown(account, item, None)
        elif isinstance(reader, AdapterError):
            yield _unknown(account, item, reader)
        else:
            wanted.append((reader, item, fields))
    yield from run_rounds([ask(*each) for each in wanted], delivery)


def _unknown(account: Account, item: Item, error: AdapterError | None) -> Recheck:
    trouble = None if error is None else trouble_of(error, None)
    return Recheck(account=account.key, external_id=item.external_id, visibility=None, trouble=trouble)
