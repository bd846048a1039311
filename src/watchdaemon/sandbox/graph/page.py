"""Facebook's nodes: persons, Pages, posts and comments."""

from typing import ClassVar

from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.call import Call, Params, graph_time, read_time
from watchdaemon.sandbox.graph.conversation import ConversationNode
from watchdaemon.sandbox.graph.nodes import Answer, Edge, Entry, ItemNode, Listing, Node, entries_of, names
from watchdaemon.sandbox.world import Kind, TokenKind, WorldAccount, WorldItem

_READ = "pages_read_engagement"
_VISITORS = "pages_read_user_content"
_POST_EDGE = frozenset({"since", "until", "include_hidden", "show_expired", "with"})
_COMMENT_EDGE = Edge(
    params=frozenset({"filter", "order", "since", "live_filter", "summary"}),
    scopes=(_READ, _VISITORS),
    hides_from_users=True,
)


class UserNode(Node):
    """The person behind a user token: /me and its Pages."""

    TYPE = "User"
    DEFAULT = ("id", "name")
    KNOWN = names("email first_name last_name link locale picture")
    EDGES: ClassVar[dict[str, Edge]] = {"accounts": Edge(params=frozenset({"summary"}), scopes=("pages_show_list",))}

    @property
    def id(self) -> str:
        """The person's id."""
        return self.call.token.user_id

    def get_name(self) -> str | None:
        """The person's name as shown."""
        return self.call.token.connected_by or None

    def list_accounts(self, _params: Params) -> Listing:
        """Return the Pages the person may act for."""
        world = self.call.world
        pages = [a for a in world.accounts("facebook") if self.call.opens(a)]
        entries = [Entry(a.created_at or self.call.now, a.native_id, PageNode(self.call, a)) for a in pages]
        entries.sort(key=lambda e: (e.at, e.id))
        return Listing(entries, summary={"total_count": len(pages)})


class PageNode(Node):
    """A Page."""

    TYPE = "Page"
    DEFAULT = ("name", "id")
    KNOWN = names(
        "bio company_overview connected_instagram_account cover emails general_info hours impressum "
        "is_permanently_closed mission overall_star_rating phone rating_count single_line_address temporary_status "
        "unread_message_count unread_notif_count unseen_message_count category_list location fan_count "
        "talking_about_count"
    )
    REMOVED: ClassVar[dict[str, str]] = {"ratings": "The ratings edge is deprecated for versions v22.0 and higher"}
    EDGES: ClassVar[dict[str, Edge]] = {
        "published_posts": Edge(params=_POST_EDGE, scopes=(_READ,)),
        "posts": Edge(params=_POST_EDGE | {"q"}, scopes=(_READ,)),
        "feed": Edge(params=_POST_EDGE, scopes=(_READ, _VISITORS)),
        "visitor_posts": Edge(params=_POST_EDGE, scopes=(_READ, _VISITORS)),
        "tagged": Edge(scopes=(_READ, _VISITORS)),
        "ads_posts": Edge(params=frozenset({"since", "until", "include_inline_create", "exclude_dynamic_ads"})),
        "video_reels": Edge(params=frozenset({"since", "until"}), scopes=(_READ,)),
        "live_videos": Edge(params=frozenset({"broadcast_status", "source"}), scopes=(_READ,)),
        "conversations": Edge(
            params=frozenset({"platform", "folder", "tags", "user_id"}),
            scopes=("pages_manage_metadata", _READ),
            needs_page_token=True,
        ),
    }

    @property
    def id(self) -> str:
        """The Page's id."""
        return self.account.native_id

    def get_name(self) -> str:
        """The Page's name."""
        return self.account.name

    def get_username(self) -> str | None:
        """The Page's short name."""
        return self.account.username or None

    def get_about(self) -> str | None:
        """The short text."""
        return self.account.about or None

    def get_description(self) -> str | None:
        """The long text."""
        return self.account.extra.get("description")

    def get_link(self) -> str:
        """The Page's address."""
        return self.account.link

    def get_website(self) -> str | None:
        """The website it names."""
        return self.account.website or None

    def get_category(self) -> str:
        """What kind of Page it is."""
        return "Government organization"

    def get_followers_count(self) -> int:
        """How many follow it."""
        return self.account.followers

    def get_is_published(self) -> bool:
        """Whether the public sees it."""
        return self.account.is_public

    def get_verification_status(self) -> str:
        """No blue mark for an invented town."""
        return "not_verified"

    def get_has_transitioned_to_new_page_experience(self) -> bool:
        """Every Page has by now."""
        return True

    def get_tasks(self) -> list[str] | None:
        """What the person may do there."""
        if self.call.is_page:
            return None
        return ["ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE"]

    def get_access_token(self) -> str | None:
        """The Page's own token, for a person who may act for it."""
        token = self.account.token(TokenKind.PAGE)
        return token.value if token is not None and self.call.opens(self.account) else None

    def get_instagram_business_account(self) -> Node | None:
        """The Instagram account that belongs to the Page."""
        from watchdaemon.sandbox.graph.instagram import IgUserNode

        linked = self._instagram()
        return IgUserNode(self.call, linked) if linked is not None and self.call.opens(linked) else None

    def _instagram(self) -> WorldAccount | None:
        linked = self.account.linked_id
        return self.call.world.find_account("instagram", linked) if linked else None

    def list_published_posts(self, params: Params) -> Listing:
        """Return what the Page itself published, newest first."""
        return self._posts(params, Kind.POST)

    def list_posts(self, params: Params) -> Listing:
        """Return the Page's own posts."""
        return self._posts(params, Kind.POST)

    def list_feed(self, params: Params) -> Listing:
        """Return the Page's posts, visitors' posts, and posts that tag it."""
        return self._posts(params, Kind.POST, Kind.VISITOR_POST, Kind.MENTION)

    def list_visitor_posts(self, params: Params) -> Listing:
        """Return visitors' posts."""
        return self._posts(params, Kind.VISITOR_POST)

    def list_tagged(self, params: Params) -> Listing:
        """Return public posts that tag the Page."""
        return self._posts(params, Kind.MENTION)

    def list_ads_posts(self, _params: Params) -> Listing:
        """Return nothing: the sandbox has no advertisements."""
        return Listing([])

    def list_video_reels(self, _params: Params) -> Listing:
        """Return nothing: the sandbox has no reels."""
        return Listing([])

    def list_live_videos(self, _params: Params) -> Listing:
        """Return nothing: the sandbox has no live videos."""
        return Listing([])

    def list_conversations(self, params: Params) -> Listing:
        """Return direct-message threads of Messenger or of the Page's Instagram account, latest first."""
        platform = params.get("platform", "messenger").lower()
        if platform not in ("messenger", "instagram"):
            raise errors.bad_parameter("Param platform must be one of {INSTAGRAM, MESSENGER}")
        owner = self.account if platform == "messenger" else self._instagram()
        self.call.need("pages_messaging" if platform == "messenger" else "instagram_manage_messages")
        if owner is None:
            return Listing([], newest_first=True)
        threads: dict[str, list[WorldItem]] = {}
        for message in self.call.world.visible(owner.key, Kind.MESSAGE):
            threads.setdefault(message.conversation_id or message.id, []).append(message)
        nodes = [ConversationNode(self.call, owner, key, messages) for key, messages in threads.items()]
        entries = [Entry(n.updated_at, n.id, n) for n in nodes]
        return Listing(sorted(entries, key=lambda e: (e.at, e.id), reverse=True), newest_first=True)

    def _posts(self, params: Params, *kinds: Kind) -> Listing:
        items = self.call.world.visible(self.account.key, *kinds, with_deleted=True)
        if "since" in params:
            since = read_time("since", params["since"])
            items = [i for i in items if i.published_at >= since]
        if "until" in params:
            until = read_time("until", params["until"])
            items = [i for i in items if i.published_at < until]
        return Listing(entries_of(items, PostNode, self.call, newest_first=True), newest_first=True)


class _Commentable(ItemNode):
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


class PostNode(_Commentable):
    """A post: the Page's own, a visitor's, or one that tags the Page."""

    TYPE = "PagePost"
    DEFAULT = ("created_time", "message", "id")
    KNOWN = names(
        "actions admin_creator application backdated_time call_to_action child_attachments coordinates event "
        "feed_targeting full_picture height icon is_popular is_spherical message_tags parent_id picture place privacy "
        "properties scheduled_publish_time shares story story_tags subscribed target targeting timeline_visibility via "
        "width"
    )
    EDGES: ClassVar[dict[str, Edge]] = {
        "comments": _COMMENT_EDGE,
        "attachments": Edge(),
        "reactions": Edge(params=frozenset({"summary", "type"})),
        "likes": Edge(params=frozenset({"summary"})),
        "to": Edge(),
    }

    def get_from(self) -> Answer | None:
        """Who wrote it; never for a post that tags the Page (the caller would have to be its author)."""
        return None if self.item.kind is Kind.MENTION else super().get_from()

    def get_updated_time(self) -> str:
        """When it was published, edited, or last commented on."""
        times = [self.item.published_at, *(i.published_at for i in self.call.world.below(self.item))]
        if edited := self.item.edited_at(self.call.now):
            times.append(edited)
        return graph_time(max(times))

    def get_tagged_time(self) -> str | None:
        """When it tagged the Page."""
        return graph_time(self.item.published_at) if self.item.kind is Kind.MENTION else None

    def get_permalink_url(self) -> str:
        """The post's address."""
        owner, _, post = self.id.rpartition("_")
        return f"https://www.facebook.com/{owner or self.account.native_id}/posts/{post}"

    def get_is_published(self) -> bool:
        """Drafts are not in the sandbox."""
        return True

    def get_is_hidden(self) -> bool:
        """Hidden from the Page's timeline."""
        return self.item.is_hidden(self.call.now)

    def get_is_expired(self) -> bool:
        """Posts with an end are not in the sandbox."""
        return False

    def get_status_type(self) -> str | None:
        """How it came to be."""
        return "mobile_status_update" if self.item.by_account else "wall_post"

    def get_can_reply_privately(self) -> bool:
        """Not to oneself."""
        return not self.item.by_account

    def list_attachments(self, _params: Params) -> Listing:
        """Return nothing: posts are text here."""
        return Listing([])

    def list_reactions(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "viewer_reaction": "NONE"})

    def list_likes(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "can_like": True, "has_liked": False})

    def list_to(self, _params: Params) -> Listing:
        """Return nothing."""
        return Listing([])


class CommentNode(_Commentable):
    """A comment, or a reply to one."""

    TYPE = "Comment"
    DEFAULT = ("created_time", "from", "message", "id")
    KNOWN = names(
        "admin_creator application attachment live_broadcast_timestamp message_tags private_reply_conversation "
        "user_likes"
    )
    EDGES: ClassVar[dict[str, Edge]] = {
        "comments": _COMMENT_EDGE,
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


def page_or_user(call: Call) -> Node:
    """Return what ``me`` is for this token."""
    accounts = [call.world.account(key) for key in sorted(call.token.accounts)]
    page = next((a for a in accounts if a.platform == "facebook"), None)
    if call.is_page and page is not None:
        return PageNode(call, page)
    if call.token.kind is TokenKind.USER and accounts:
        return UserNode(call, accounts[0])
    raise errors.GraphError(
        "An active access token must be used to query information about the current user.", code=2500
    )
