"""What may be asked of each kind of node. Anything else is code 100, and fails the test that asked."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Edge:
    """A list below a node."""

    kind: str
    parameters: frozenset[str] = frozenset()
    most: int = 100  # rows a page, however many are asked for


@dataclass(frozen=True)
class Table:
    """One kind of node."""

    spec: str | None  # the published specification's name; None: only prose describes it
    fields: frozenset[str]
    edges: Mapping[str, Edge]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LISTING = _words("include_hidden show_expired with")
_COMMENTS = {"comments": Edge("comment", _words("filter live_filter order since"))}

TABLES: Mapping[str, Table] = {
    "page": Table(
        "Page",
        _words("id name username link about description bio website is_published access_token unread_message_count"),
        {
            "published_posts": Edge("post", _LISTING),
            "posts": Edge("post", _LISTING | {"q"}),
            "feed": Edge("post", _LISTING),
            "visitor_posts": Edge("post", _LISTING),
            "tagged": Edge("post"),
            "ads_posts": Edge("post", _words("since until include_inline_create exclude_dynamic_ads")),
            "video_reels": Edge("video", _words("since until")),
            "live_videos": Edge("live", _words("broadcast_status source")),
            "conversations": Edge("conversation", _words("platform folder tags user_id")),
        },
    ),
    "post": Table(
        "PagePost",
        _words(
            "id created_time updated_time from message story permalink_url is_hidden is_published is_expired"
            " status_type message_tags parent_id can_reply_privately admin_creator shares"
        ),
        {**_COMMENTS, "attachments": Edge("attachment")},
    ),
    "comment": Table(
        "Comment",
        _words(
            "id created_time message from parent comment_count is_hidden is_private can_hide can_remove can_comment"
            " can_reply_privately permalink_url attachment message_tags object like_count"
            " private_reply_conversation"
        ),
        _COMMENTS,
    ),
    "photo": Table("Photo", _words("id created_time updated_time from name link"), _COMMENTS),
    "video": Table(
        "AdVideo",
        _words("id created_time updated_time from title description permalink_url published length post_id status"),
        _COMMENTS,
    ),
    "live": Table(
        "LiveVideo",
        _words("id creation_time broadcast_start_time from title description permalink_url status video"),
        _COMMENTS,
    ),
    "attachment": Table(None, _words("type target subattachments media url title description"), {}),
    "conversation": Table(
        "UnifiedThread",
        _words("id updated_time message_count unread_count can_reply snippet participants senders link name"),
        {"messages": Edge("message", _words("source"), most=20)},
    ),
    "message": Table(
        None, _words("id created_time from to message attachments shares story reactions tags is_unsupported"), {}
    ),
    "ig_user": Table(
        "IGUser",
        _words("id username name biography website is_published followers_count media_count profile_picture_url"),
        {"media": Edge("media", _words("since until")), "tags": Edge("media")},
    ),
    "media": Table(
        "IGMedia",
        _words(
            "id timestamp caption permalink username media_type media_product_type comments_count is_comment_enabled"
            " owner"
        ),
        {"comments": Edge("ig_comment", most=50)},
    ),
    "ig_comment": Table(
        "IGComment",
        _words("id text timestamp username from user parent_id hidden like_count media"),
        {"replies": Edge("ig_comment", most=50)},
    ),
    "profile": Table(
        None,
        _words("id username name threads_profile_picture_url threads_biography is_verified"),
        {
            "threads": Edge("thread_post", _words("since until")),
            "replies": Edge("thread_post", _words("since until")),
            "mentions": Edge("thread_post", _words("since until")),
        },
    ),
    "thread_post": Table(
        None,
        _words(
            "id media_product_type media_type media_url permalink owner username text timestamp shortcode"
            " is_quote_post has_replies root_post replied_to is_reply is_reply_owned_by_me hide_status reply_audience"
            " reply_approval_status alt_text"
        ),
        {
            "conversation": Edge("thread_post", _words("reverse")),
            "replies": Edge("thread_post", _words("reverse")),
            "pending_replies": Edge("thread_post", _words("reverse approval_status")),
        },
    ),
}

PEOPLE = _words("id name username email category self_ig_scoped_id")
"""What may be asked of an author."""
