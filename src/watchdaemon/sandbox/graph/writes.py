"""Hide, delete, reply, and the trap: a message posted to a comment's id edits what a citizen wrote."""

from collections.abc import Callable

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import Call, Params, read_flag
from watchdaemon.sandbox.graph.comments import CommentNode
from watchdaemon.sandbox.graph.instagram import IgCommentNode, IgMediaNode
from watchdaemon.sandbox.graph.nodes import GENERIC_PARAMS, Answer, ItemNode, Node
from watchdaemon.sandbox.graph.page import PostNode
from watchdaemon.sandbox.world import Kind, WorldItem

_DONE: Answer = {"success": True}


def update(call: Call, node: Node, params: Params) -> Answer:
    """POST to a node: hide or show it; on Facebook also edit its text, whoever wrote it."""
    wanted = {k: v for k, v in params.items() if k not in GENERIC_PARAMS}
    if isinstance(node, CommentNode):
        _moderation_rights(call, node, "pages_manage_engagement")
        return _update_comment(node, wanted)
    if isinstance(node, IgCommentNode):
        _moderation_rights(call, node, "instagram_manage_comments")
        _only(wanted, "hide")
        if "hide" not in wanted:
            raise errors.bad_parameter("The parameter hide is required")
        call.world.hide(node.item, hidden=read_flag("hide", wanted["hide"]))
        return dict(_DONE)
    raise errors.gone(node.id, "post")


def _update_comment(node: CommentNode, wanted: Params) -> Answer:
    world, item = node.call.world, node.item
    _only(wanted, "is_hidden", "message")
    if not wanted:
        raise errors.bad_parameter("At least one of is_hidden, message is required")
    if "is_hidden" in wanted:
        if item.by_account:
            raise errors.GraphError("(#200) You do not have permission to hide this comment", code=200, status=403)
        item = world.hide(item, hidden=read_flag("is_hidden", wanted["is_hidden"]))
    if "message" in wanted:
        world.edit(item, _text(wanted))
    return dict(_DONE)


def delete(call: Call, node: Node) -> Answer:
    """DELETE a comment, or the account's own post."""
    if isinstance(node, CommentNode | PostNode):
        _moderation_rights(call, node, "pages_manage_engagement")
    elif isinstance(node, IgCommentNode):
        _moderation_rights(call, node, "instagram_manage_comments")
    else:
        raise errors.gone(node.id, "delete")
    call.world.delete(node.item)
    return dict(_DONE)


def reply(call: Call, node: Node, edge: str, params: Params) -> Answer:
    """POST to ``/comments`` or ``/replies``: write as the account."""
    wanted = {k: v for k, v in params.items() if k not in GENERIC_PARAMS}
    if isinstance(node, CommentNode | PostNode) and edge == "comments":
        _moderation_rights(call, node, "pages_manage_engagement")
        _only(wanted, "message")
        return _write(node, _text(wanted), lambda seed: ids.facebook_comment(node.item.root_id or node.id, seed))
    if (isinstance(node, IgCommentNode) and edge == "replies") or (
        isinstance(node, IgMediaNode) and edge == "comments"
    ):
        _moderation_rights(call, node, "instagram_manage_comments")
        _only(wanted, "message")
        if node.item.is_hidden(call.now):
            raise errors.bad_parameter("Hidden comments cannot be replied to")
        return _write(node, _text(wanted), ids.instagram_comment)
    raise errors.gone(node.id, "post")


def _write(node: ItemNode, text: str, new_id: Callable[[str], str]) -> Answer:
    call, target = node.call, node.item
    is_comment = target.kind is Kind.COMMENT
    root_id = target.root_id if is_comment else target.id
    # There are two levels: a reply to a reply lands under the top-level comment.
    parent_id = (target.parent_id or target.id) if is_comment else None
    seed = f"{target.id}:{call.now.isoformat()}:{text}"
    number = 0
    while call.world.find(new_id(f"{seed}:{number}"), target.account) is not None:
        number += 1
    item = WorldItem(
        id=new_id(f"{seed}:{number}"),
        account=target.account,
        kind=Kind.COMMENT,
        author_id=node.account.native_id,
        author_name=node.account.name,
        author_username=node.account.username,
        text=text,
        published_at=call.now,
        by_account=True,
        parent_id=parent_id,
        root_id=root_id,
    )
    call.world.add(item)
    return {"id": item.id}


def _moderation_rights(call: Call, node: Node, scope: str) -> None:
    if not call.is_page:
        raise errors.GraphError("(#1705) This call must be made as the Page", code=1705)
    if not call.opens(node.account):
        raise errors.gone(node.id, "post")
    call.need(scope, writing=True)


def _text(params: Params) -> str:
    text = params.get("message", "")
    if not text.strip():
        raise errors.bad_parameter("The parameter message is required")
    return text


def _only(params: Params, *allowed: str) -> None:
    for name in params:
        if name not in allowed:
            raise errors.bad_parameter(f"Unknown parameter: {name}")
