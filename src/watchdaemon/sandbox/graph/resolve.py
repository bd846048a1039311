"""From an id to the node behind it, as far as the token may see."""

from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import Call, throttle
from watchdaemon.sandbox.graph.comments import CommentNode
from watchdaemon.sandbox.graph.conversation import ConversationNode, MessageNode
from watchdaemon.sandbox.graph.instagram import IgCommentNode, IgMediaNode, IgUserNode
from watchdaemon.sandbox.graph.nodes import ItemNode, Node
from watchdaemon.sandbox.graph.page import PageNode, PostNode, UserNode, page_or_user
from watchdaemon.sandbox.graph.videos import LIVE, PHOTO, REEL, LiveVideoNode, PhotoNode, ReelNode, shelf_of
from watchdaemon.sandbox.world import Kind, WorldItem

_FACEBOOK: dict[Kind, type[ItemNode]] = {
    Kind.POST: PostNode,
    Kind.VISITOR_POST: PostNode,
    Kind.MENTION: PostNode,
    Kind.COMMENT: CommentNode,
    Kind.MESSAGE: MessageNode,
}
_SHELVES: dict[str, type[ItemNode]] = {REEL: ReelNode, LIVE: LiveVideoNode, PHOTO: PhotoNode}
_INSTAGRAM: dict[Kind, type[ItemNode]] = {
    Kind.POST: IgMediaNode,
    Kind.MENTION: IgMediaNode,
    Kind.COMMENT: IgCommentNode,
    Kind.MESSAGE: MessageNode,
}


def resolve(call: Call, object_id: str, method: str = "get") -> Node:
    """Return the node of that id.

    Raises:
        GraphError: 100/33 when there is none or the token does not open it; 10 when a permission is missing.
    """
    node = page_or_user(call) if object_id == "me" else _find(call, object_id)
    if node is None or not call.opens(node.account):
        raise errors.foreign_page() if isinstance(node, PageNode) else errors.gone(object_id, method)
    throttle(call, node.account, "")
    if call.has_fault(FaultKind.MISSING_PERMISSION, node.account):
        raise errors.missing_permission("pages_read_engagement")
    call.need(*_scopes(node))
    return node


def _find(call: Call, object_id: str) -> Node | None:
    world = call.world
    if page := world.find_account("facebook", object_id):
        return PageNode(call, page)
    if professional := world.find_account("instagram", object_id):
        return IgUserNode(call, professional)
    if item := world.find(object_id):
        return _item_node(call, item)
    messages = [m for m in world.in_conversation(object_id) if m.kind is Kind.MESSAGE]
    if messages:
        account = world.account(messages[0].account)
        if account.platform not in ("facebook", "instagram"):
            return None
        if not call.is_page:
            raise errors.page_token_wanted()
        return ConversationNode(call, account, object_id, messages)
    return None


def _item_node(call: Call, item: WorldItem) -> Node | None:
    account = call.world.account(item.account)
    kinds = {"facebook": _FACEBOOK, "instagram": _INSTAGRAM}.get(account.platform, {})
    make = kinds.get(item.kind)
    if make is PostNode:
        make = _SHELVES.get(shelf_of(item), PostNode)
    if make is MessageNode and not call.is_page:
        raise errors.page_token_wanted()
    return make(call, account, item) if make is not None else None


def _scopes(node: Node) -> tuple[str, ...]:
    instagram = node.account.platform == "instagram"
    match node:
        case UserNode():
            return ()
        case ConversationNode() | MessageNode():
            return ("instagram_manage_messages",) if instagram else ("pages_messaging",)
        case IgCommentNode():
            return ("instagram_basic", "instagram_manage_comments")
        case CommentNode():
            return ("pages_read_engagement", "pages_read_user_content")
    return ("instagram_basic",) if instagram else ("pages_read_engagement",)
