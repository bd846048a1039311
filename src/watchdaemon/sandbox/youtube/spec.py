"""What YouTube Data API v3 takes: the parts, filters and parameters of each method, and the refusals for anything else.

Names and limits are those of Google's discovery document of revision 20261104, the reasons those of YouTube's page
"Errors" (both read 2026-11).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

READ_ONLY = "https://www.googleapis.com/auth/youtube.readonly"
FULL = "https://www.googleapis.com/auth/youtube"
FORCE_SSL = "https://www.googleapis.com/auth/youtube.force-ssl"

MODERATION_STATUSES = ("published", "heldForReview", "likelySpam", "rejected")

# Every method takes these beside its own.
STANDARD = frozenset(
    {
        "$.xgafv",
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
    }
)


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """Google's refusal: a status and its JSON body."""

    def __init__(self, status: int, body: Mapping[str, object]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def refused(
    status: int,
    reason: str,
    message: str,
    *,
    domain: str = "youtube.parameter",
    location: str = "",
    location_type: str = "parameter",
    canonical: str = "",
) -> Refused:
    """Return a refusal in Google's form. `canonical` is the newer code word (INVALID_ARGUMENT …), if there is one."""
    error: dict[str, object] = {"message": message, "domain": domain, "reason": reason}
    if location:
        error |= {"location": location, "locationType": location_type}
    body: dict[str, object] = {"code": status, "message": message, "errors": [error]}
    if canonical:
        body["status"] = canonical
    return Refused(status, {"error": body})


def bad_request(message: str) -> Refused:
    """Return the refusal of something that Google's own front door does not understand."""
    return refused(400, "badRequest", message, domain="global", canonical="INVALID_ARGUMENT")


Value: TypeAlias = str | int | bool | tuple[str, ...]
Check: TypeAlias = Callable[[str, list[str]], Value]


def _text(name: str, given: list[str]) -> Value:
    if not given[-1]:
        raise refused(400, "invalidParameter", f"Invalid value for parameter {name}: ''", location=name)
    return given[-1]


def _number(low: int, high: int) -> Check:
    def check(name: str, given: list[str]) -> Value:
        raw = given[-1]
        if not re.fullmatch(r"-?\d{1,9}", raw):
            raise bad_request(f"Invalid value at '{name}' (TYPE_UINT32), \"{raw}\"")
        if not low <= int(raw) <= high:
            message = f"Invalid value '{raw}'. Values must be within the range: [{low}, {high}]"
            raise refused(400, "invalidParameter", message, location=name)
        return int(raw)

    return check


def _one_of(*allowed: str) -> Check:
    def check(name: str, given: list[str]) -> Value:
        if given[-1] not in allowed:
            raise bad_request(f"Invalid value at '{name}' (TYPE_ENUM), \"{given[-1]}\"")
        return given[-1]

    return check


def _boolean(name: str, given: list[str]) -> Value:
    if given[-1] not in ("true", "false"):
        raise bad_request(f"Invalid value at '{name}' (TYPE_BOOL), \"{given[-1]}\"")
    return given[-1] == "true"


def _list_of_ids(name: str, given: list[str]) -> Value:
    """Take one value with commas, the parameter repeated, or both."""
    values = tuple(value for raw in given for value in raw.split(","))
    if not all(values) or len(values) > 50:
        message = "The request specifies an invalid filter parameter."
        raise refused(400, "invalidFilters", message, location=name)
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: where it is, what it takes and costs, and which scopes open it."""

    name: str
    http: str
    path: str
    parts: frozenset[str]
    parameters: Mapping[str, Check]
    filters: frozenset[str] = frozenset()  # exactly one must be given
    required: tuple[str, ...] = ()
    needs_part: bool = True
    cost: int = 1
    page: int = 0  # results on a page when maxResults is not given
    scopes: frozenset[str] = frozenset({FORCE_SSL, FULL, READ_ONLY})  # one of them
    takes_key: bool = True  # an API key is enough
    domain: str = "youtube.parameter"


_PAGED: Mapping[str, Check] = {"pageToken": _text}
_FORMATS = _one_of("html", "plainText", "textFormatUnspecified")
_OWNER: Mapping[str, Check] = {"onBehalfOfContentOwner": _text}
_COMMENT_SCOPES = frozenset({FORCE_SSL})

CHANNELS = Method(
    name="channels.list",
    http="GET",
    path="youtube/v3/channels",
    parts=frozenset(
        {
            "auditDetails",
            "brandingSettings",
            "contentDetails",
            "contentOwnerDetails",
            "id",
            "localizations",
            "snippet",
            "statistics",
            "status",
            "topicDetails",
        }
    ),
    parameters={
        "categoryId": _text,
        "forHandle": _text,
        "forUsername": _text,
        "hl": _text,
        "id": _list_of_ids,
        "managedByMe": _boolean,
        "maxResults": _number(0, 50),
        "mine": _boolean,
        "mySubscribers": _boolean,
        **_OWNER,
        **_PAGED,
    },
    filters=frozenset({"categoryId", "forHandle", "forUsername", "id", "managedByMe", "mine", "mySubscribers"}),
    page=5,
    domain="youtube.channel",
)
PLAYLIST_ITEMS = Method(
    name="playlistItems.list",
    http="GET",
    path="youtube/v3/playlistItems",
    parts=frozenset({"contentDetails", "id", "snippet", "status"}),
    parameters={
        "id": _list_of_ids,
        "maxResults": _number(0, 50),
        "playlistId": _text,
        "videoId": _text,
        **_OWNER,
        **_PAGED,
    },
    filters=frozenset({"id", "playlistId"}),
    page=5,
    domain="youtube.playlistItem",
)
VIDEOS = Method(
    name="videos.list",
    http="GET",
    path="youtube/v3/videos",
    parts=frozenset(
        {
            "contentDetails",
            "fileDetails",
            "id",
            "liveStreamingDetails",
            "localizations",
            "paidProductPlacementDetails",
            "player",
            "processingDetails",
            "recordingDetails",
            "snippet",
            "statistics",
            "status",
            "suggestions",
            "topicDetails",
        }
    ),
    parameters={
        "chart": _one_of("chartUnspecified", "mostPopular"),
        "hl": _text,
        "id": _list_of_ids,
        "locale": _text,
        "maxHeight": _number(72, 8192),
        "maxResults": _number(1, 50),
        "maxWidth": _number(72, 8192),
        "myRating": _one_of("none", "like", "dislike"),
        "regionCode": _text,
        "videoCategoryId": _text,
        **_OWNER,
        **_PAGED,
    },
    filters=frozenset({"chart", "id", "myRating"}),
    page=5,
    domain="youtube.video",
)
COMMENT_THREADS = Method(
    name="commentThreads.list",
    http="GET",
    path="youtube/v3/commentThreads",
    parts=frozenset({"id", "replies", "snippet"}),
    parameters={
        "allThreadsRelatedToChannelId": _text,
        "channelId": _text,
        "id": _list_of_ids,
        "maxResults": _number(1, 100),
        "moderationStatus": _one_of(*MODERATION_STATUSES),
        "order": _one_of("orderUnspecified", "time", "relevance"),
        "searchTerms": _text,
        "textFormat": _FORMATS,
        "videoId": _text,
        **_PAGED,
    },
    filters=frozenset({"allThreadsRelatedToChannelId", "channelId", "id", "videoId"}),
    page=20,
    scopes=_COMMENT_SCOPES,
    domain="youtube.commentThread",
)
COMMENTS = Method(
    name="comments.list",
    http="GET",
    path="youtube/v3/comments",
    parts=frozenset({"id", "snippet"}),
    parameters={
        "id": _list_of_ids,
        "maxResults": _number(1, 100),
        "parentId": _text,
        "textFormat": _FORMATS,
        **_PAGED,
    },
    filters=frozenset({"id", "parentId"}),
    page=20,
    scopes=_COMMENT_SCOPES,
    domain="youtube.comment",
)


def _write(name: str, http: str, path: str, parameters: Mapping[str, Check], *required: str) -> Method:
    return Method(
        name=name,
        http=http,
        path=path,
        parts=frozenset({"id", "snippet"}),
        parameters=parameters,
        required=required,
        needs_part=not required,
        cost=50,
        scopes=_COMMENT_SCOPES,
        takes_key=False,
        domain="youtube.comment",
    )


INSERT_COMMENT = _write("comments.insert", "POST", "youtube/v3/comments", {})
UPDATE_COMMENT = _write("comments.update", "PUT", "youtube/v3/comments", {})
DELETE_COMMENT = _write("comments.delete", "DELETE", "youtube/v3/comments", {"id": _text}, "id")
SET_MODERATION_STATUS = _write(
    "comments.setModerationStatus",
    "POST",
    "youtube/v3/comments/setModerationStatus",
    {"id": _list_of_ids, "moderationStatus": _one_of(*MODERATION_STATUSES), "banAuthor": _boolean},
    "id",
    "moderationStatus",
)

METHODS = (
    CHANNELS,
    PLAYLIST_ITEMS,
    VIDEOS,
    COMMENT_THREADS,
    COMMENTS,
    INSERT_COMMENT,
    UPDATE_COMMENT,
    DELETE_COMMENT,
    SET_MODERATION_STATUS,
)


class Query:
    """A method's checked parameters."""

    def __init__(self, method: Method, parts: frozenset[str], values: Mapping[str, Value]) -> None:
        self.method = method
        self.parts = parts
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or the default when it was not given."""
        value = self._values.get(name, default)
        return value if isinstance(value, str) else default

    def ids(self, name: str) -> tuple[str, ...]:
        """Return a list of ids in the caller's order, each once."""
        value = self._values.get(name)
        return tuple(dict.fromkeys(value)) if isinstance(value, tuple) else ()

    def is_set(self, name: str) -> bool:
        """Return a boolean; False when it was not given."""
        return self._values.get(name) is True

    @property
    def page_size(self) -> int:
        """How many results a page holds at most."""
        value = self._values.get("maxResults")
        return value if isinstance(value, int) else self.method.page


def find_method(http: str, path: str) -> Method:
    """Return the method behind a path.

    Raises:
        Refused: 404 when there is none.
    """
    for method in METHODS:
        if (method.http, method.path) == (http, path):
            return method
    raise refused(404, "notFound", "The requested URL was not found on this server.", domain="global")


def read_query(method: Method, pairs: Iterable[tuple[str, str]]) -> Query:
    """Check a query string against a method's parameters.

    Raises:
        Refused: 400 for the first thing wrong: an unknown parameter or part, a value out of range, none or several of
            the filters.
    """
    given: dict[str, list[str]] = {}
    for name, raw in pairs:
        given.setdefault(name, []).append(raw)
    _refuse_unknown(method, given)
    parts = _read_parts(method, given.get("part", []))
    values = {name: method.parameters[name](name, raw) for name, raw in given.items() if name in method.parameters}
    for name in method.required:
        if name not in values:
            message = f"The request is missing a required parameter: {name}."
            raise refused(400, "missingRequiredParameter", message, location=name)
    _check_filters(method, {name: value for name, value in values.items() if value is not False})
    return Query(method, parts, values)


def _refuse_unknown(method: Method, given: Mapping[str, list[str]]) -> None:
    known = STANDARD | method.parameters.keys() | ({"part"} if method.needs_part else set())
    for name in given:
        if name not in known:
            raise bad_request(
                f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
                f"Field '{name}' could not be found in request message."
            )
    if given.get("alt", ["json"])[-1] != "json":
        raise bad_request("Invalid value at 'alt': this server speaks json")


def _read_parts(method: Method, given: list[str]) -> frozenset[str]:
    if not method.needs_part:
        return frozenset()
    parts = [part.strip() for raw in given for part in raw.split(",")]
    if not any(parts):
        message = "Required parameter: part"
        raise refused(400, "missingRequiredParameter", message, location="part")
    for part in parts:
        if part not in method.parts:
            raise refused(400, "unknownPart", f"'{part}'", domain="youtube.part", location="part")
    return frozenset(parts)


def _check_filters(method: Method, values: Mapping[str, Value]) -> None:
    chosen = sorted(method.filters & values.keys())
    if method.filters and not chosen:
        expected = ", ".join(sorted(method.filters))
        message = f"No filter selected. Expected one of: {expected}"
        raise refused(400, "missingRequiredParameter", message, location="parameters.", location_type="other")
    if len(chosen) > 1:
        raise incompatible(*chosen)
    if chosen == ["id"]:
        beside = sorted(values.keys() & {"moderationStatus", "searchTerms", "order", "pageToken"})
        if beside and method.scopes == _COMMENT_SCOPES:
            raise incompatible("id", *beside)


def incompatible(*names: str) -> Refused:
    """Return the refusal of parameters that do not go together."""
    message = f"Incompatible parameters specified in the request: {', '.join(names)}"
    return refused(400, "incompatibleParameters", message)
