"""The channel a credential belongs to: the proof of identity, and the profile. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdaemon.domain.account import Account
from watchdaemon.errors import AccountError, Reason

PLATFORM = "youtube"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What the adapter needs of a channel; None where it was not asked for or not readable."""

    id: str
    title: str = ""
    description: str = ""
    handle: str | None = None  # "@name"
    uploads_id: str | None = None
    video_count: int | None = None
    is_public: bool = True

    @property
    def link(self) -> str:
        """The channel's address."""
        return f"https://www.youtube.com/{self.handle}" if self.handle else f"https://www.youtube.com/channel/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Which credential was proven to be the channel's, and where its uploads are: asked once, kept with the cursors."""

    proof: str
    uploads_id: str

    def __str__(self) -> str:
        """Write it as a cursor."""
        return f"{self.proof} {self.uploads_id}"


def read_proven(text: str | None) -> Proven | None:
    """Read a cursor back; one that cannot be read counts as none."""
    found = re.fullmatch(r"([0-9a-f]{16}) ([A-Za-z0-9_-]{1,64})", text or "")
    return Proven(proof=found[1], uploads_id=found[2]) if found else None


def proof_of(channel_id: str, *secrets: str) -> str:
    """Return what tells one credential from another, and tells nothing about either."""
    return hashlib.sha256("\0".join([channel_id, *secrets]).encode()).hexdigest()[:16]


def own_channel(rows: Sequence[object], account: Account) -> Channel:
    """Return the account's channel among those the credential belongs to.

    Raises:
        AccountError: It is not among them. Another channel's token would read public comments, but never held ones.
    """
    for row in rows:
        if isinstance(row, dict) and row.get("id") == account.native_id:
            return _channel(row, account.native_id)
    message = "the credential belongs to another channel" if rows else "the credential's user has no channel"
    raise AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account.key)


def read_count(value: object) -> int | None:
    """Read a count the way YouTube writes one, as text; None when it is none."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value) else None


def _channel(row: Mapping[str, object], channel_id: str) -> Channel:
    snippet, status = _object(row, "snippet"), _object(row, "status")
    playlists = _object(_object(row, "contentDetails"), "relatedPlaylists")
    shown = _text(_object(_object(row, "brandingSettings"), "channel").get("description"))
    handle = _text(snippet.get("customUrl"))
    return Channel(
        id=channel_id,
        title=_text(snippet.get("title")),
        description=_text(snippet.get("description")) or shown,
        handle=handle if handle.startswith("@") else None,
        uploads_id=_text(playlists.get("uploads")) or None,
        video_count=read_count(_object(row, "statistics").get("videoCount")),
        is_public=status.get("privacyStatus", "public") == "public",
    )


def _object(holder: Mapping[str, object], key: str) -> Mapping[str, object]:
    inner = holder.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
