"""The scopes that each platform's authorize page knows (the platforms' own lists, read 2026-11)."""


def _names(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(f"{prefix}{name}" for name in text.split())


X = _names(
    "tweet.read tweet.write tweet.moderate.write users.read users.email follows.read follows.write offline.access "
    "space.read mute.read mute.write like.read like.write list.read list.write block.read block.write bookmark.read "
    "bookmark.write dm.read dm.write media.write"
)

YOUTUBE = _names("youtube youtube.force-ssl youtube.readonly", "https://www.googleapis.com/auth/")

GRAPH = _names(
    "public_profile pages_show_list pages_read_engagement pages_read_user_content pages_manage_engagement "
    "pages_manage_metadata pages_manage_posts pages_messaging instagram_basic instagram_manage_comments "
    "instagram_manage_messages instagram_content_publish business_management ads_read ads_management"
)

THREADS = _names(
    "threads_basic threads_content_publish threads_read_replies threads_manage_replies threads_manage_mentions "
    "threads_manage_insights threads_keyword_search threads_delete"
)

MASTODON = (
    _names("read write profile push")
    | _names(
        "accounts blocks bookmarks favourites filters follows lists mutes notifications search statuses conversations",
        "read:",
    )
    | _names(
        "accounts blocks bookmarks conversations favourites filters follows lists media mutes notifications reports "
        "statuses",
        "write:",
    )
)
