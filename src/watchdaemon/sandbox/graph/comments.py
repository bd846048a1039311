"""Comments and replies, and what can have them under it."""

from typing import ClassVar

from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import Params, graph_time, read_time
from watchdaemon.sandbox.graph.nodes import Answer, Edge, ItemNode, Listing, Node, entries_of, names
from watchdaemon.sandbox.world import Kind, WorldItem

COMMENT_EDGE = Edge(
    params=frozenset({"filter", "order", "since", "live_filter", "summary"}),
    scopes=("pages_read_engagement", "pages_read_user_content"),
    hides_from_users=True,
)


class Commentable(ItemNode):
    """Something with comments under it."""

    def list_comments(self, params: Params) -> Listing:
        """Return comments: one level, or with ``filter=stream`` all of them flat."""
        level = _one_of(params, "filter", "toplevel", ("toplevel", "stream"))
        order = _one_of(params, "order", "chronological", ("chronological", "reverse_chronological"))
        _one_of(params, "live_filter", "filter_low_quality", ("filter_low_quality", "no_filter"))
        items = self._comments(stream=level == "stream")
        visible = sum(1 for i in items if i.exists(self.call.now))
        if "since" in params:
            since = read_time("since", params["since"])
            items = [i for i in items if i.published_at >= since]
        newest_first = order == "reverse_chronological"
        summary: Answer = {"order": order, "total_count": visible, "can_comment": True}
        return Listing(
            entries_of(items, CommentNode, self.call, newest_first=newest_first),
            newest_first=newest_first,
            summary=summary,
        )

    def _comments(self, *, stream: bool) -> list[WorldItem]:
        world = self.call.world
        if stream and self.item.kind is not Kind.COMMENT:
            return world.below(self.item, with_deleted=True)
        return world.under(self.item, with_deleted=True)

    def get_created_time(self) -> str:
        """When it was published."""
        return graph_time(self.item.published_at)

    def get_message(self) -> str | None:
        """The text as it reads now."""
        return self.item.text_at(self.call.now) or None

    def get_from(self) -> Answer | None:
        """Who wrote it, where the platform tells."""
        if self.item.by_account:
            return {"name": self.account.name, "id": self.account.native_id}
        if self.item.is_author_private or not self.call.is_page:
            return None
        return {"name": self.item.author_name, "id": self.item.author_id}


class CommentNode(Commentable):
    """A comment, or a reply to one."""

    TYPE = "Comment"
    DEFAULT = ("created_time", "from", "message", "id")
    KNOWN = names(
        "admin_creator application attachment live_broadcast_timestamp message_tags private_reply_conversation "
        "user_likes"
    )
    EDGES: ClassVar[dict[str, Edge]] = {
        "comments": COMMENT_EDGE,
        "likes": Edge(params=frozenset({"summary"})),
        "reactions": Edge(params=frozenset({"summary", "type"})),
    }

    @property
    def is_reply(self) -> bool:
        """Whether it stands under another comment."""
        return self.item.parent_id is not None and self.item.parent_id != self.item.root_id

    def get_parent(self) -> Node | None:
        """Return the comment it stands under."""
        if not self.is_reply or self.item.parent_id is None:
            return None
        parent = self.call.world.find(self.item.parent_id, self.account.key)
        return CommentNode(self.call, self.account, parent) if parent is not None else None

    def get_object(self) -> Answer | None:
        """Return the post it stands under."""
        return {"id": self.item.root_id} if self.item.root_id else None

    def get_comment_count(self) -> int:
        """How many replies it has."""
        return len(self.call.world.under(self.item))

    def get_is_hidden(self) -> bool:
        """Hidden by the Page or by the platform's filter; the two look the same."""
        return self.item.is_hidden(self.call.now)

    def get_is_private(self) -> bool:
        """Shown only to the Page and its author."""
        return self.item.is_private

    def get_can_hide(self) -> bool:
        """Everything but the Page's own."""
        return not self.item.by_account

    def get_can_remove(self) -> bool:
        """The Page may remove everything under its posts."""
        return True

    def get_can_comment(self) -> bool:
        """Whether it can be answered."""
        return True

    def get_can_like(self) -> bool:
        """Whether it can be liked."""
        return True

    def get_can_reply_privately(self) -> bool:
        """Not to oneself."""
        return not self.item.by_account

    def get_like_count(self) -> int:
        """Nobody likes anything here."""
        return 0

    def get_permalink_url(self) -> str:
        """The comment's address, with the parent's for a reply."""
        post = (self.item.root_id or "").rpartition("_")[2]
        own = self.id.rpartition("_")[2]
        address = f"https://www.facebook.com/{self.account.native_id}/posts/{post}/?comment_id="
        if self.is_reply and self.item.parent_id is not None:
            return f"{address}{self.item.parent_id.rpartition('_')[2]}&reply_comment_id={own}"
        return address + own

    def list_likes(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "can_like": True, "has_liked": False})

    def list_reactions(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "viewer_reaction": "NONE"})


def _one_of(params: Params, name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = params.get(name, default)
    if value not in allowed:
        raise errors.bad_parameter(f"Param {name} must be one of {{{', '.join(allowed)}}}")
    return value
