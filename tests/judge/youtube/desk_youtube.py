"""YouTube's Data API as its contract says: comments that truly were written, and the listings that show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.judge.desk import NOW, Call, Desk, Reply

ME, UPLOADS = "UCexempelkommunen0000001", "UUexempelkommunen0000001"
KIM, ALEX = "UCkimexempel000000000001", "UCalexexempel00000000001"
NAMES = {ME: "@exempelkommun", KIM: "@kim-exempel", ALEX: "@alex-exempel"}
TOKEN = "judge-youtube-token"
_PAGE = "[A-Za-z0-9]{4,}"
_ID = "[A-Za-z0-9_.-]+"
_COMMON = {"alt": "json", "prettyPrint": "true|false"}
_HUNDRED, _FIFTY = "[1-9]|[1-9][0-9]|100", "[1-9]|[1-4][0-9]|50"
TABLE: Mapping[str, Mapping[str, str]] = {
    "GET /youtube/v3/channels": {
        **_COMMON,
        "part!": "(id|snippet|contentDetails|brandingSettings|statistics|status)(,[a-zA-Z]+)*",
        "mine": "true",
        "id": _ID,
    },
    "GET /youtube/v3/playlistItems": {
        **_COMMON,
        "part!": "(id|snippet|contentDetails|status)(,[a-zA-Z]+)*",
        "playlistId!": _ID,
        "maxResults": _FIFTY,
        "pageToken": _PAGE,
    },
    "GET /youtube/v3/commentThreads": {
        **_COMMON,
        "part!": "(id|snippet|replies)(,(id|snippet|replies))*",
        "allThreadsRelatedToChannelId": _ID,
        "videoId": _ID,
        "moderationStatus": "published|heldForReview|likelySpam",
        "order": "time|relevance",
        "textFormat": "plainText|html",
        "maxResults": _HUNDRED,
        "pageToken": _PAGE,
    },
    "GET /youtube/v3/comments": {
        **_COMMON,
        "part!": "(id|snippet)(,(id|snippet))*",
        "parentId": _ID,
        "id": f"{_ID}(,{_ID}){{0,49}}",
        "textFormat": "plainText|html",
        "maxResults": _HUNDRED,
        "pageToken": _PAGE,
    },
    "GET /youtube/v3/videos": {**_COMMON, "part!": "[a-zA-Z,]+", "id!": f"{_ID}(,{_ID}){{0,49}}"},
}
_numbers = count(1)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def problem(status: int, reason: str, domain: str = "youtube.commentThread") -> Reply:
    errors = [{"message": reason, "domain": domain, "reason": reason}]
    return status, {"error": {"code": status, "message": reason, "errors": errors}}, {}


@dataclass
class Comment:
    """A top-level comment or a reply."""

    id: str
    author: str | None
    at: datetime
    text: str
    video: str
    above: str | None = None
    status: str = "published"
    updated_at: datetime | None = None


@dataclass
class DeskYouTube(Desk):
    """The service, with traps that can be set."""

    table: Any = field(default_factory=lambda: TABLE)
    videos: list[tuple[str, datetime]] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    now: datetime = NOW
    most_rows: int = 100
    empty_first: bool = False
    repeats_tokens: bool = False
    embedded: int = 2  # so many replies come with a thread, the oldest ones
    count_lies: int = 0
    tokens: dict[str, int] = field(default_factory=dict)
    shows_held_replies: bool = True  # among those that come with a thread that is listed for one
    lists_held_replies: bool = False  # by their parent, too
    says_status: bool = True  # of comments in the listings of held ones
    original_text: bool = False  # the text is where only its author is promised it
    privacy: dict[str, str] = field(default_factory=dict)  # of videos that are not public
    tokens_left: int | None = None  # page tokens are good so often, and then never again

    def video(self, hours_ago: float, privacy: str = "public") -> str:
        key = f"video{next(_numbers):06}"
        self.videos.append((key, self.now - timedelta(hours=hours_ago)))
        self.privacy[key] = privacy
        return key

    def write(
        self,
        hours_ago: float,
        text: str = "Hej?",
        *,
        author: str | None = KIM,
        video: str = "",
        under: Comment | None = None,
        status: str = "published",
    ) -> Comment:
        at = self.now - timedelta(hours=hours_ago)
        key = f"{under.id}.r{next(_numbers):05}" if under else f"Ugx{next(_numbers):07}AaABAg"
        found = Comment(key, author, at, text, under.video if under else video, under.id if under else None, status)
        self.comments.append(found)
        return found

    def answer(self, call: Call) -> Reply:
        if call.token != TOKEN:
            return problem(401, "authError", "global")
        rows: list[Any] | Reply = getattr(self, f"_{call.path.rpartition('/')[2]}")(call)
        return rows if isinstance(rows, tuple) else self._page(rows, call)

    def _channels(self, call: Call) -> list[Any]:
        playlists = {"relatedPlaylists": {"uploads": UPLOADS}}
        statistics = {"videoCount": str(len(self.videos))}
        return [{"id": ME, "snippet": {"title": "E"}, "contentDetails": playlists, "statistics": statistics}]

    def _playlistItems(self, call: Call) -> list[Any]:  # noqa: N802 - the service's name
        if call.get("playlistId") != UPLOADS:
            self.wrong.append("a playlist that is not the channel's")
        newest = sorted(self.videos, key=lambda v: v[1], reverse=True)
        return [
            {
                "id": f"PL{key}",
                "snippet": {"title": "Film", "publishedAt": stamp(at), "resourceId": {"videoId": key}},
                # one that is still to be broadcast, or only its owner's, was never published
                "contentDetails": {"videoId": key, **({"videoPublishedAt": stamp(at)} if self._is_out(key) else {})},
                "status": {"privacyStatus": self.privacy[key] if self.privacy[key] != "upcoming" else "public"},
            }
            for key, at in newest
        ]

    def _is_out(self, key: str) -> bool:
        return self.privacy[key] in ("public", "unlisted")

    def _videos(self, call: Call) -> list[Any]:
        known = {key for key, _ in self.videos}
        return [{"id": i, "snippet": {}, "status": {}} for i in call.get("id").split(",") if i in known]

    def _commentThreads(self, call: Call) -> list[Any]:  # noqa: N802
        if bool(call.get("videoId")) == bool(call.get("allThreadsRelatedToChannelId")):
            self.wrong.append("exactly one filter")
        status = call.get("moderationStatus", "published")
        tops = [c for c in self.comments if c.above is None]
        if call.get("videoId"):
            tops = [c for c in tops if c.video == call.get("videoId")]
        shown = [c for c in tops if any(x.status == status for x in (c, *self._under(c)))]
        shown = [c for c in shown if status != "published" or c.status == "published"]
        shown.sort(key=lambda c: c.at, reverse=True)
        return [self._thread(c, status) for c in shown]

    def _under(self, top: Comment) -> list[Comment]:
        return sorted((c for c in self.comments if c.above == top.id), key=lambda c: c.at)

    def _thread(self, top: Comment, status: str) -> dict[str, Any]:
        below = [c for c in self._under(top) if c.status in ("published", status)]
        held_first = sorted(below, key=lambda c: c.status != status)
        # what a thread is listed for is shown: nothing else would show a held reply
        embedded = held_first[: max(1, self.embedded)] if status != "published" else below[: self.embedded]
        if not self.shows_held_replies:
            embedded = [c for c in below if c.status == "published"][: self.embedded]
        snippet = {
            "channelId": ME,
            "videoId": top.video,
            "topLevelComment": self._row(top, status),
            "totalReplyCount": max(0, len(below) + self.count_lies),
            "isPublic": top.status == "published",
        }
        thread = {"kind": "youtube#commentThread", "id": top.id, "snippet": snippet}
        return {**thread, **({"replies": {"comments": [self._row(c, status) for c in embedded]}} if embedded else {})}

    def _comments(self, call: Call) -> list[Any] | Reply:
        if bool(call.get("id")) == bool(call.get("parentId")):
            self.wrong.append("exactly one of id and parentId")
        if call.get("id"):
            wanted = call.get("id").split(",")
            return [self._row(c, "") for c in self.comments if c.id in wanted]
        top = next((c for c in self.comments if c.id == call.get("parentId")), None)
        if top is None:
            return problem(404, "commentNotFound", "youtube.comment")
        return [self._row(c, "") for c in self._under(top) if c.status == "published" or self.lists_held_replies]

    def _row(self, comment: Comment, status: str) -> dict[str, Any]:
        snippet: dict[str, Any] = {
            "channelId": ME,
            "textDisplay": comment.text,
            "authorDisplayName": NAMES.get(comment.author or "", ""),
            "publishedAt": stamp(comment.at),
            "updatedAt": stamp(comment.updated_at or comment.at),
        }
        if comment.author:
            snippet["authorChannelId"] = {"value": comment.author}
        if comment.above:
            snippet["parentId"] = comment.above
        else:
            snippet["videoId"] = comment.video
        if self.original_text:
            snippet["textOriginal"] = snippet.pop("textDisplay")
        if status not in ("", "published") and self.says_status:
            snippet["moderationStatus"] = comment.status
        return {"kind": "youtube#comment", "id": comment.id, "snippet": snippet}

    def _page(self, rows: list[Any], call: Call) -> Reply:
        token = call.get("pageToken")
        if token and self.tokens_left is not None:
            self.tokens_left -= 1
            if self.tokens_left < 0:
                self.tokens_left = None
                return problem(400, "invalidPageToken")
        if token and token not in self.tokens and not self.repeats_tokens:
            return problem(400, "invalidPageToken")
        start, size = self.tokens.get(token, 0), min(int(call.get("maxResults", "20")), self.most_rows)
        body: dict[str, Any] = {"kind": "list", "items": rows[start : start + size], "pageInfo": {"totalResults": 1}}
        if self.empty_first and not token and rows and "channels" not in call.path:
            return 200, {"items": [], "nextPageToken": self._token(0)}, {}
        if start + size < len(rows):
            body["nextPageToken"] = "samesame" if self.repeats_tokens else self._token(start + size)
        if not body["items"]:
            del body["items"]
        return 200, body, {}

    def _token(self, start: int) -> str:
        token = f"page{next(_numbers):08}"
        self.tokens[token] = start
        return token
