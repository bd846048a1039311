"""Ids in each platform's own form, derived from a seed text so that the same world has the same ids every time."""

import base64
import hashlib
from datetime import datetime
from functools import lru_cache

_BLUESKY_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"  # base32-sortable
_X_EPOCH_MS = 1_288_834_974_657  # the zero of X's time-sortable ids


def digits(seed: str, count: int) -> str:
    """Return `count` decimal digits, the first of them never 0."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    low = 10 ** (count - 1)
    return str(low + number % (9 * low))


def letters(seed: str, count: int) -> str:
    """Return `count` characters of the URL-safe base64 alphabet (at most 43)."""
    return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode()[:count]


def facebook_page(seed: str) -> str:
    """``100…``, 15 digits."""
    return "1000" + digits(f"fb-page:{seed}", 11)


def facebook_person(seed: str) -> str:
    """A page-scoped person id, 16 digits."""
    return digits(f"fb-person:{seed}", 16)


def facebook_post(page_id: str, seed: str) -> str:
    """``{page}_{post}``; `page_id` is the author's own id for visitors' posts elsewhere."""
    return f"{page_id}_{digits(f'fb-post:{seed}', 15)}"


def facebook_comment(post_id: str, seed: str) -> str:
    """``{post}_{comment}``, the post without its page part; replies have the same form."""
    return f"{post_id.rpartition('_')[2]}_{digits(f'fb-comment:{seed}', 15)}"


def facebook_conversation(seed: str) -> str:
    """``t_…``."""
    return "t_" + digits(f"fb-thread:{seed}", 16)


def facebook_message(seed: str) -> str:
    """``m_…``."""
    return "m_" + letters(f"fb-message:{seed}", 43)


def instagram_user(seed: str) -> str:
    """``17841…``, 17 digits."""
    return "17841" + digits(f"ig-user:{seed}", 12)


def instagram_person(seed: str) -> str:
    """An Instagram-scoped person id, 16 digits."""
    return digits(f"ig-person:{seed}", 16)


def instagram_media(seed: str) -> str:
    """``178…``, 17 digits."""
    return "178" + digits(f"ig-media:{seed}", 14)


def instagram_comment(seed: str) -> str:
    """``179…``, 17 digits."""
    return "179" + digits(f"ig-comment:{seed}", 14)


def instagram_conversation(seed: str) -> str:
    """``aWdf…``, base64-like."""
    return "aWdf" + letters(f"ig-thread:{seed}", 40)


def instagram_message(seed: str) -> str:
    """``aWdfZ…``, base64-like."""
    return "aWdfZ" + letters(f"ig-message:{seed}", 43)


def x_user(seed: str) -> str:
    """10 digits."""
    return digits(f"x-user:{seed}", 10)


def x_post(at: datetime, seed: str) -> str:
    """A 19-digit id that sorts by time (milliseconds), ties by seed."""
    milliseconds = int(at.timestamp() * 1000) - _X_EPOCH_MS
    return str((milliseconds << 22) | int(digits(f"x-post:{seed}", 7)) & 0x3FFFFF)


def x_dm_conversation(one: str, other: str) -> str:
    """``{smaller user id}-{larger user id}``."""
    low, high = sorted((one, other), key=int)
    return f"{low}-{high}"


def youtube_channel(seed: str) -> str:
    """``UC`` and 22 characters."""
    return "UC" + letters(f"yt-channel:{seed}", 22)


def youtube_uploads(channel_id: str) -> str:
    """Return the uploads playlist of a channel: ``UU`` and the channel's 22 characters."""
    return "UU" + channel_id[2:]


def youtube_video(seed: str) -> str:
    """11 characters."""
    return letters(f"yt-video:{seed}", 11)


def youtube_comment(seed: str, parent_id: str | None = None) -> str:
    """``Ugy…AaABAg``, 26 characters; a reply is its thread's id, a dot and 22 characters."""
    if parent_id is None:
        return f"Ugy{letters(f'yt-comment:{seed}', 17)}AaABAg".replace(".", "-")
    return f"{parent_id.partition('.')[0]}.{letters(f'yt-reply:{seed}', 22)}"


def bluesky_did(seed: str) -> str:
    """``did:plc:`` and 24 characters of base32."""
    number = int.from_bytes(hashlib.sha256(f"bsky-did:{seed}".encode()).digest(), "big")
    return "did:plc:" + _base32(number, 24)


def bluesky_post(did: str, at: datetime, seed: str) -> str:
    """``at://…/app.bsky.feed.post/…``; the key sorts by time (milliseconds), ties by seed."""
    tie = int(digits(f"bsky-clock:{seed}", 7)) % 1_024_000
    return f"at://{did}/app.bsky.feed.post/{_base32(int(at.timestamp() * 1_000) * 1_024_000 + tie, 13)}"


@lru_cache(maxsize=50_000)  # every reply names those of its parent and its thread
def bluesky_cid(text: str) -> str:
    """``bafyrei…``, 59 characters, derived from what it names."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    return "bafyrei" + _base32(number, 52).replace("2", "a")


def _base32(number: int, count: int) -> str:
    return "".join(_BLUESKY_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(count)))


def mastodon_account(seed: str) -> str:
    """18 digits."""
    return "11" + digits(f"mastodon-account:{seed}", 16)


def mastodon_status(at: datetime, seed: str) -> str:
    """An id that sorts by time (milliseconds), ties by seed; a status from elsewhere gets its own, earlier time."""
    return str((int(at.timestamp() * 1000) << 16) | int(digits(f"mastodon-status:{seed}", 7)) & 0xFFFF)


def mastodon_notification(at: datetime, seed: str) -> int:
    """An id of another series than the statuses', by the time of arrival."""
    return (int(at.timestamp() * 1000) - 1_500_000_000_000) * 1000 + int(digits(f"mastodon-told:{seed}", 3))
