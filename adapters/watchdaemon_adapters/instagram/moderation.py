"""What can be done to comments on Instagram."""

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, Visibility
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.client import read_secrets
from watchdaemon_adapters._graph.courier import GraphFor
from watchdaemon_adapters._graph.moderating import INSTAGRAM, GraphOrders, can_on_graph
from watchdaemon_adapters.instagram.settings import InstagramSettings


class InstagramModeration:
    """Implements `ports.Moderator` for the adapter."""

    def __init__(self, settings: InstagramSettings, context: AdapterContext, graph: GraphFor) -> None:
        self._settings = settings
        self._context = context
        self._graph = graph

    def can(self, item: Item) -> frozenset[Action]:
        """Return what the account may do to the item."""
        possible = can_on_graph(item)
        # a hidden comment cannot be replied to (Instagram Platform, "Comment moderation")
        return possible - {Action.REPLY} if item.visibility is Visibility.HIDDEN else possible

    def moderate(self, account: Account, item: Item, action: Action, text: str = "") -> Receipt:
        """Send an order, once."""
        return self._orders(account).moderate(item, action, text)

    def holds(
        self, account: Account, item: Item, action: Action, *, text: str = "", reply_id: str | None = None
    ) -> bool | None:
        """Read again whether it is so."""
        return self._orders(account).holds(item, action, text=text, reply_id=reply_id)

    def _orders(self, account: Account) -> GraphOrders:
        secrets = read_secrets(self._context.credentials, account)
        return GraphOrders(
            INSTAGRAM,
            road=self._context.road,
            settings=self._settings,
            account=account,
            secrets=secrets,
            graph=self._graph(secrets, account.key),
        )
