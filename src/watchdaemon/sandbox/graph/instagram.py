"""Instagram's nodes on the Graph: professional accounts, media and comments."""

from typing import ClassVar

from watchdaemon.sandbox.graph.call import Params, graph_time, read_time
from watchdaemon.sandbox.graph.nodes import Answer, Edge, ItemNode, Listing, Node, entries_of, names
from watchdaemon.sandbox.world import Kind

_BASIC = "instagram_basic"
_COMMENTS = (_BASIC, "instagram_manage_comments", "pages_read_engagement")
_TIMES = frozenset({"since", "until"})


class IgUserNode(Node):
    """A professional account."""

    TYPE = "IGUser"
    KNOWN = names(
        "business_discovery follows_count has_profile_pic ig_id legacy_instagram_user_id mentioned_comment "
        "mentioned_media owner_business shopping_review_status"
    )
    EDGES: ClassVar[dict[str, Edge]] = {
        "media": Edge(params=_TIMES, scopes=(_BASIC,)),
        "tags": Edge(scopes=_COMMENTS),
        "stories": Edge(scopes=(_BASIC,)),
        "live_media": Edge(params=_TIMES, scopes=(_BASIC,)),
    }

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.native_id

    def get_username(self) -> str:
        """The account's short name."""
        return self.account.username

    def get_name(self) -> str:
        """The account's name."""
        return self.account.name

    def get_biography(self) -> str | None:
        """The profile text."""
        return self.account.about or None

    def get_website(self) -> str | None:
        """The website it names."""
        return self.account.website or None

    def get_profile_picture_url(self) -> str:
        """A picture."""
        return f"https://cdn.example.org/{self.account.username}.jpg"

    def get_followers_count(self) -> int:
        """How many follow it."""
        return self.account.followers

    def get_media_count(self) -> int:
        """How many media it published."""
        return len(self.call.world.visible(self.account.key, Kind.POST))

    def get_is_published(self) -> bool:
        """Whether the public sees it."""
        return self.account.is_public

    def list_media(self, params: Params) -> Listing:
        """Return the account's media, newest first."""
        items = self.call.world.visible(self.account.key, Kind.POST, with_deleted=True)
        if "since" in params:
            since = read_time("since", params["since"])
            items = [i for i in items if i.published_at >= since]
        if "until" in params:
            until = read_time("until", params["until"])
            items = [i for i in items if i.published_at < until]
        return Listing(entries_of(items, IgMediaNode, self.call, newest_first=True), newest_first=True)

    def list_tags(self, _params: Params) -> Listing:
        """Return others' media that tag the account, newest first."""
        items = self.call.world.visible(self.account.key, Kind.MENTION, with_deleted=True)
        return Listing(entries_of(items, IgMediaNode, self.call, newest_first=True), newest_first=True)

    def list_stories(self, _params: Params) -> Listing:
        """Return nothing: the sandbox has no stories."""
        return Listing([])

    def list_live_media(self, _params: Params) -> Listing:
        """Return nothing: the sandbox has no live videos."""
        return Listing([])


class IgMediaNode(ItemNode):
    """A picture or film: the account's own, or one that tags it."""

    TYPE = "IGMedia"
    KNOWN = names(
        "alt_text boost_eligibility_info copyright_check_information ig_id is_shared_to_feed legacy_instagram_media_id "
        "shortcode thumbnail_url video_title view_count"
    )
    EDGES: ClassVar[dict[str, Edge]] = {
        # No parameter at all is documented for comments; cursors work, fifty is the most there is.
        "comments": Edge(scopes=_COMMENTS, cap=50, hides_from_users=True),
        "children": Edge(),
    }

    def get_caption(self) -> str | None:
        """The text as it reads now."""
        return self.item.text_at(self.call.now) or None

    def get_timestamp(self) -> str:
        """When it was published."""
        return graph_time(self.item.published_at)

    def get_permalink(self) -> str:
        """The media's address."""
        return f"https://www.instagram.com/p/{self.id[-11:]}/"

    def get_username(self) -> str:
        """Whose it is."""
        return self.account.username if self.item.by_account else self.item.author_username or self.item.author_name

    def get_owner(self) -> Answer | None:
        """Whose it is, for the account's own."""
        return {"id": self.account.native_id} if self.item.by_account else None

    def get_media_type(self) -> str:
        """Pictures only."""
        return "IMAGE"

    def get_media_product_type(self) -> str:
        """In the feed."""
        return "FEED"

    def get_media_url(self) -> str:
        """The picture."""
        return f"https://cdn.example.org/{self.id}.jpg"

    def get_comments_count(self) -> int:
        """How many comments, replies included."""
        return len(self.call.world.below(self.item))

    def get_is_comment_enabled(self) -> bool:
        """Comments are open everywhere."""
        return True

    def get_like_count(self) -> int:
        """Nobody likes anything here."""
        return 0

    def list_comments(self, _params: Params) -> Listing:
        """Return top-level comments, newest first; hidden ones are listed with their mark."""
        items = self.call.world.under(self.item, with_deleted=True)
        return Listing(entries_of(items, IgCommentNode, self.call, newest_first=True), newest_first=True)

    def list_children(self, _params: Params) -> Listing:
        """Return nothing: no carousels here."""
        return Listing([])


class IgCommentNode(ItemNode):
    """A comment, or a reply to one."""

    TYPE = "IGComment"
    DEFAULT = ("timestamp", "text", "id")
    KNOWN = names("legacy_instagram_comment_id")
    EDGES: ClassVar[dict[str, Edge]] = {"replies": Edge(scopes=_COMMENTS, cap=50)}

    @property
    def is_reply(self) -> bool:
        """Whether it stands under another comment."""
        return self.item.parent_id is not None and self.item.parent_id != self.item.root_id

    @property
    def _shown_name(self) -> str:
        if self.item.by_account:
            return self.account.username
        return self.item.author_username or self.item.author_name

    def get_text(self) -> str:
        """The text as it reads now."""
        return self.item.text_at(self.call.now)

    def get_timestamp(self) -> str:
        """When it was published."""
        return graph_time(self.item.published_at)

    def get_username(self) -> str:
        """Who wrote it, by name."""
        return self._shown_name

    def get_from(self) -> Answer | None:
        """Who wrote it, by Instagram-scoped id; missing at times."""
        if self.item.by_account:
            return {"id": self.account.native_id, "username": self.account.username}
        if self.item.is_author_private:
            return None
        return {"id": self.item.author_id, "username": self._shown_name}

    def get_user(self) -> Answer | None:
        """The account itself, only for its own comments."""
        return {"id": self.account.native_id} if self.item.by_account else None

    def get_parent_id(self) -> str | None:
        """The comment it stands under."""
        return self.item.parent_id if self.is_reply else None

    def get_media(self) -> Answer | None:
        """The media it stands under."""
        return {"id": self.item.root_id} if self.item.root_id else None

    def get_hidden(self) -> bool:
        """Hidden from the public."""
        return self.item.is_hidden(self.call.now)

    def get_like_count(self) -> int:
        """Nobody likes anything here."""
        return 0

    def list_replies(self, _params: Params) -> Listing:
        """Return replies, oldest first."""
        items = self.call.world.under(self.item, with_deleted=True)
        return Listing(entries_of(items, IgCommentNode, self.call, newest_first=False))
