"""What each path allows: fields, parameters and permissions.

Sources, read 2026-11: developers.facebook.com/documentation/threads/reference/user (updated 2025-12-16),
…/reference/reply-management (2026-02-13), …/threads-mentions (2025-03-27), …/reply-management (2026-02-13).
"""

from collections.abc import Mapping
from dataclasses import dataclass


def names(text: str) -> frozenset[str]:
    """Return the names written in a line."""
    return frozenset(text.split())


USER_FIELDS = names(
    "id username name threads_profile_picture_url threads_biography is_verified recently_searched_keywords"
)
POST_FIELDS = names(
    "id media_product_type media_type media_url permalink owner username text timestamp shortcode thumbnail_url "
    "children is_quote_post alt_text link_attachment_url has_replies reply_audience quoted_post reposted_post gif_url "
    "is_spoiler_media text_entities text_attachment is_verified profile_picture_url"
)
REPLY_FIELDS = names(
    "id media_product_type media_type media_url permalink username text timestamp shortcode thumbnail_url children "
    "is_quote_post has_replies root_post replied_to is_reply is_reply_owned_by_me hide_status reply_audience "
    "quoted_post reposted_post gif_url topic_tag is_verified profile_picture_url"
)
PENDING_FIELDS = names(
    "id text topic_tag timestamp media_product_type media_type media_url gif_url shortcode thumbnail_url children "
    "is_quote_post has_replies root_post replied_to is_reply hide_status reply_audience quoted_post reposted_post "
    "reply_approval_status username is_verified profile_picture_url"
)
GENERIC = names("access_token fields")
_CURSORS = names("before after")


@dataclass(frozen=True, slots=True)
class Edge:
    """A list: what may be asked of it."""

    fields: frozenset[str]
    params: frozenset[str]
    scopes: tuple[str, ...]


_TIMES = names("since until limit") | _CURSORS
USER_EDGES: Mapping[str, Edge] = {
    "threads": Edge(POST_FIELDS, _TIMES, ()),
    "replies": Edge(POST_FIELDS | REPLY_FIELDS, _TIMES, ("threads_read_replies",)),
    "mentions": Edge(POST_FIELDS | REPLY_FIELDS, _TIMES, ("threads_manage_mentions",)),
}
MEDIA_EDGES: Mapping[str, Edge] = {
    "replies": Edge(REPLY_FIELDS, names("reverse") | _CURSORS, ("threads_read_replies",)),
    "conversation": Edge(REPLY_FIELDS, names("reverse") | _CURSORS, ("threads_read_replies",)),
    "pending_replies": Edge(PENDING_FIELDS, names("reverse approval_status") | _CURSORS, ("threads_read_replies",)),
}
ACTIONS: Mapping[str, str] = {"manage_reply": "hide", "manage_pending_reply": "approve"}
FIRST_DAY = 1_688_540_400
"""Unix time of the service's beginning: `since` may not be earlier."""
