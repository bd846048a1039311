"""Reading single replies again: still there, edited, hidden, approved, or gone for certain."""

from collections.abc import Callable, Iterator, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.errors import AdapterError
from watchdaemon_adapters._graph.collect import trouble_of
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.values import Row, optional_id
from watchdaemon_adapters.threads.client import ThreadsClient
from watchdaemon_adapters.threads.collect import ends_the_fetch
from watchdaemon_adapters.threads.mapping import PENDING_FIELDS, Identity, fields_of, reread, visibility_of
from watchdaemon_adapters.threads.paging import ListReader


def recheck_items(
    account: Account,
    items: Sequence[Item],
    *,
    reader: Callable[[], tuple[ThreadsClient, Identity]],
    lists: Callable[[ThreadsClient], ListReader],
) -> Iterator[Recheck]:
    """Yield one `Recheck` an item.

    Only Threads' own word for "no such object", given to a token that was just seen to be the account's, makes an item
    deleted; anything else leaves it as it was, with the trouble.

    Args:
        account: Whose items they are.
        items: What to ask for.
        reader: Gives a client whose token was checked, and who the account is; called once.
        lists: Makes a reader of lists.
    """
    if not items:
        return
    stopped: AdapterError | None = None
    client: ThreadsClient | None = None
    identity = Identity(account=account)
    queues = Queues()
    try:
        client, identity = reader()
    except AdapterError as error:
        stopped = error
    for item in items:
        fields = fields_of(item.kind)
        if fields is None or client is None or stopped is not None:
            yield _unknown(item, stopped if fields is not None else None)
            continue
        try:
            if item.visibility is Visibility.HELD and (held := queues.find(lists(client), item)) is not None:
                yield held
                continue
            fresh = reread(client.get(item.external_id, {"fields": fields}), account, item, identity)
            yield Recheck(account=account.key, external_id=item.external_id, visibility=fresh.visibility, item=fresh)
        except MissingObjectError:
            yield Recheck(account=account.key, external_id=item.external_id, visibility=Visibility.DELETED)
        except AdapterError as error:
            if ends_the_fetch(error):
                stopped = error  # the others would fare no better
            yield _unknown(item, error)


class Queues:
    """The posts' queues of replies that wait, each read once.

    What is said of a held reply that is read by its id is not documented, so the queue is asked first.
    """

    def __init__(self) -> None:
        self._rows: dict[str | None, dict[str, Row]] = {}

    def find(self, lists: ListReader, item: Item) -> Recheck | None:
        """Return what the queue of its post says of a held reply; None when it is in there no more."""
        if item.root_id not in self._rows:
            self._rows[item.root_id] = _queue(lists, item.root_id)
        row = self._rows[item.root_id].get(item.external_id)
        return (
            None
            if row is None
            else Recheck(account=item.account, external_id=item.external_id, visibility=visibility_of(row))
        )


def _queue(lists: ListReader, post_id: str | None) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    try:
        for page in lists.read(f"{post_id}/pending_replies", {"fields": PENDING_FIELDS}):
            rows |= {key: row for row in page if isinstance(row, dict) and (key := optional_id(row)) is not None}
    except MissingObjectError:
        return {}  # the post is gone, and the queue with it
    return rows


def _unknown(item: Item, error: AdapterError | None) -> Recheck:
    trouble = None if error is None else trouble_of(error, None)
    return Recheck(account=item.account, external_id=item.external_id, visibility=None, trouble=trouble)
