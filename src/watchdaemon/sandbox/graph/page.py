"""Facebook's nodes: persons, Pages, posts and comments."""

from collections.abc import Sequence
from typing import ClassVar

from watchdaemon.sandbox.graph import errors, videos
from watchdaemon.sandbox.graph.call import Call, Params, graph_time, read_time
from watchdaemon.sandbox.graph.comments import COMMENT_EDGE, Commentable
from watchdaemon.sandbox.graph.conversation import ConversationNode
from watchdaemon.sandbox.graph.fields import Field
from watchdaemon.sandbox.graph.nodes import Answer, Edge, Entry, ItemNode, Listing, Node, entries_of, names
from watchdaemon.sandbox.world import Kind, TokenKind, WorldAccount, WorldItem

_READ = "pages_read_engagement"
_VISITORS = "pages_read_user_content"
_ATTACHMENT_FIELDS = names("description media media_type subattachments target title type unshimmed_url url")
_POST_EDGE = frozenset({"since", "until", "include_hidden", "show_expired", "with"})


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

    def list_ads_posts(self, params: Params) -> Listing:
        """Return posts that are shown as advertisements alone."""
        return self._posts(params, Kind.POST, shelf=videos.ADVERTISEMENT)

    def list_video_reels(self, params: Params) -> Listing:
        """Return reels."""
        return self._posts(params, Kind.POST, shelf=videos.REEL, make=videos.ReelNode)

    def list_live_videos(self, params: Params) -> Listing:
        """Return live videos."""
        return self._posts(params, Kind.POST, shelf=videos.LIVE, make=videos.LiveVideoNode)

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

    def _posts(self, params: Params, *kinds: Kind, shelf: str = "", make: type[ItemNode] | None = None) -> Listing:
        found = self.call.world.visible(self.account.key, *kinds, with_deleted=True)
        items = [i for i in found if videos.shelf_of(i) == shelf]
        if "since" in params:
            since = read_time("since", params["since"])
            items = [i for i in items if i.published_at >= since]
        if "until" in params:
            until = read_time("until", params["until"])
            items = [i for i in items if i.published_at < until]
        return Listing(entries_of(items, make or PostNode, self.call, newest_first=True), newest_first=True)


class PostNode(Commentable):
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
        "comments": COMMENT_EDGE,
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
        """Return the album of a post with several photos, or nothing."""
        posts = self.call.world.visible(self.account.key, Kind.POST)
        photos = [p for p in posts if p.extra.get(videos.PHOTO_OF) == self.id]
        found = videos.attachments_of(photos)
        return Listing(
            [Entry(self.item.published_at, self.id, AttachmentNode(self.call, self.account, a)) for a in found]
        )

    def list_reactions(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "viewer_reaction": "NONE"})

    def list_likes(self, _params: Params) -> Listing:
        """Return nothing but a count of none."""
        return Listing([], summary={"total_count": 0, "can_like": True, "has_liked": False})

    def list_to(self, _params: Params) -> Listing:
        """Return nothing."""
        return Listing([])


class AttachmentNode(Node):
    """What a post shows besides its text. It is no object of its own: it has no id."""

    TYPE = "StoryAttachment"

    def __init__(self, call: Call, account: WorldAccount, content: Answer) -> None:
        super().__init__(call, account)
        self._content = content

    @property
    def id(self) -> str:
        """None to speak of."""
        return ""

    def render(self, asked: Sequence[Field]) -> Answer:
        """Return the asked-for parts; all of them when none is named."""
        self.call.count_node()
        for one in asked:
            if one.name not in _ATTACHMENT_FIELDS:
                raise errors.unknown_field(one.name, self.TYPE)
        wanted = {one.name for one in asked} or set(self._content)
        return {name: value for name, value in self._content.items() if name in wanted}


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
