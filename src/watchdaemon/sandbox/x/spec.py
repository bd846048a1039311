"""What X API v2 takes: the fields, expansions and parameters of each call, and the refusals for anything else.

Names and limits are those of X's OpenAPI description 2.159 (the spelling "tweet"), read 2026-11; the wording of the
refusals follows what X answers today.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

PROBLEMS = "https://api.twitter.com/2/problems/"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TWEET_FIELDS = _words(
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang media_metadata "
    "non_public_metrics note_tweet organic_metrics possibly_sensitive promoted_metrics public_metrics "
    "referenced_tweets reply_settings scopes source suggested_source_links suggested_source_links_with_counts text "
    "withheld"
)
USER_FIELDS = _words(
    "affiliation confirmed_email connection_status created_at description entities id is_identity_verified location "
    "most_recent_tweet_id name parody pinned_tweet_id profile_banner_url profile_image_url protected public_metrics "
    "receives_your_dm subscription subscription_type url username verified verified_followers_count verified_type "
    "withheld"
)
MEDIA_FIELDS = _words(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url promoted_metrics "
    "public_metrics type url variants width"
)
POLL_FIELDS = frozenset({"duration_minutes", "end_datetime", "id", "options", "voting_status"})
PLACE_FIELDS = frozenset(
    {"contained_within", "country", "country_code", "full_name", "geo", "id", "name", "place_type"}
)
DM_FIELDS = _words(
    "attachments created_at dm_conversation_id entities event_type id participant_ids referenced_tweets sender_id text"
)
DM_EVENT_TYPES = frozenset({"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"})
TWEET_EXPANSIONS = _words(
    "article.cover_media article.media_entities attachments.media_keys attachments.media_source_tweet "
    "attachments.poll_ids author_id edit_history_tweet_ids entities.mentions.username geo.place_id "
    "in_reply_to_user_id entities.note.mentions.username referenced_tweets.id "
    "referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id"
)
USER_EXPANSIONS = frozenset({"affiliation.user_id", "most_recent_tweet_id", "pinned_tweet_id"})
DM_EXPANSIONS = frozenset({"attachments.media_keys", "participant_ids", "referenced_tweets.id", "sender_id"})
EXCLUSIONS = frozenset({"replies", "retweets"})

DEFAULT_TWEET_FIELDS = frozenset({"id", "text", "edit_history_tweet_ids"})
DEFAULT_USER_FIELDS = frozenset({"id", "name", "username"})
DEFAULT_DM_FIELDS = frozenset({"id", "event_type", "text"})

_ID = re.compile(r"[0-9]{1,19}")
_CONVERSATION_ID = re.compile(r"[0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19}")
_USERNAME = re.compile(r"[A-Za-z0-9_]{1,15}")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of ours
    """X's refusal: a status, its JSON body and any headers that go with it."""

    def __init__(self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def invalid(name: str, values: Iterable[str], message: str) -> Refused:
    """Return the 400 "Invalid Request" for one parameter."""
    return invalid_request([{"parameters": {name: list(values)}, "message": message}])


def invalid_request(errors: list[dict[str, object]]) -> Refused:
    """Return the 400 "Invalid Request" with X's list of what was wrong."""
    body = {
        "errors": errors,
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": PROBLEMS + "invalid-request",
    }
    return Refused(400, body)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value, in X's words after "The `name` query parameter value [value]"."""

    message: str


Value: TypeAlias = str | int | datetime | frozenset[str] | tuple[str, ...]
Check: TypeAlias = Callable[[str, str], Value | Fault]


def _number(low: int, high: int) -> Check:
    def check(name: str, raw: str) -> Value | Fault:
        if not re.fullmatch(r"-?\d{1,9}", raw):
            return Fault(f"The `{name}` query parameter value [{raw}] is not a valid number")
        if not low <= int(raw) <= high:
            return Fault(f"The `{name}` query parameter value [{raw}] is not between {low} and {high}")
        return int(raw)

    return check


def _chosen(allowed: frozenset[str]) -> Check:
    def check(name: str, raw: str) -> Value | Fault:
        values = raw.split(",")
        for value in values:
            if value not in allowed:
                choices = ",".join(sorted(allowed))
                return Fault(f"The `{name}` query parameter value [{value}] is not one of [{choices}]")
        if len(set(values)) != len(values):
            return Fault(f"The `{name}` query parameter value [{raw}] contains duplicates")
        return frozenset(values)

    return check


def _one_of(*allowed: str) -> Check:
    def check(name: str, raw: str) -> Value | Fault:
        if raw not in allowed:
            return Fault(f"The `{name}` query parameter value [{raw}] is not one of [{','.join(allowed)}]")
        return raw

    return check


def _id(name: str, raw: str) -> Value | Fault:
    if not _ID.fullmatch(raw):
        return Fault(f"The `{name}` query parameter value [{raw}] does not match ^[0-9]{{1,19}}$")
    return int(raw)


def _list_of(pattern: re.Pattern[str]) -> Check:
    def check(name: str, raw: str) -> Value | Fault:
        values = tuple(raw.split(","))
        for value in values:
            if not pattern.fullmatch(value):
                return Fault(f"The `{name}` query parameter value [{value}] does not match ^{pattern.pattern}$")
        if len(values) > 100:
            return Fault(
                f"The number of values in the `{name}` query parameter [{len(values)}] is not between 1 and 100"
            )
        return values

    return check


def _time(name: str, raw: str) -> Value | Fault:
    wrong = Fault(f"The `{name}` query parameter value [{raw}] is not a valid RFC3339 date time")
    if not _TIME.fullmatch(raw):
        return wrong
    try:
        return datetime.fromisoformat(raw.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        return wrong


def _text(longest: int) -> Check:
    def check(name: str, raw: str) -> Value | Fault:
        if not 1 <= len(raw) <= longest:
            return Fault(f"The `{name}` query parameter value length [{len(raw)}] is not between 1 and {longest}")
        return raw

    return check


_TWEET_SHAPE: Mapping[str, Check] = {
    "tweet.fields": _chosen(TWEET_FIELDS),
    "expansions": _chosen(TWEET_EXPANSIONS),
    "media.fields": _chosen(MEDIA_FIELDS),
    "poll.fields": _chosen(POLL_FIELDS),
    "user.fields": _chosen(USER_FIELDS),
    "place.fields": _chosen(PLACE_FIELDS),
}
_USER_SHAPE: Mapping[str, Check] = {
    "user.fields": _chosen(USER_FIELDS),
    "expansions": _chosen(USER_EXPANSIONS),
    "tweet.fields": _chosen(TWEET_FIELDS),
}
_BETWEEN: Mapping[str, Check] = {"since_id": _id, "until_id": _id, "start_time": _time, "end_time": _time}
_DM: Mapping[str, Check] = {
    "max_results": _number(1, 100),
    "pagination_token": _text(400),
    "event_types": _chosen(DM_EVENT_TYPES),
    "dm_event.fields": _chosen(DM_FIELDS),
    "expansions": _chosen(DM_EXPANSIONS),
    "media.fields": _chosen(MEDIA_FIELDS),
    "user.fields": _chosen(USER_FIELDS),
    "tweet.fields": _chosen(TWEET_FIELDS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One endpoint: its parameters, who may call it and how often in 15 minutes (None: not at all, not counted)."""

    name: str
    parameters: Mapping[str, Check]
    required: tuple[str, ...] = ()
    app_only: bool = True  # an app-only bearer token is enough
    scopes: frozenset[str] = frozenset({"tweet.read", "users.read"})  # what an OAuth 2 user token must have
    per_app: int | None = None
    per_user: int | None = None
    page: int = 100  # results on a page when max_results is not given


_DM_SCOPES = frozenset({"dm.read", "tweet.read", "users.read"})
ME = Call(name="users/me", parameters=_USER_SHAPE, app_only=False, per_user=75)
USER = Call(name="users/:id", parameters=_USER_SHAPE, per_app=300, per_user=900)
USERS = Call(
    name="users", parameters={"ids": _list_of(_ID), **_USER_SHAPE}, required=("ids",), per_app=300, per_user=900
)
USER_BY_NAME = Call(name="users/by/username/:username", parameters=_USER_SHAPE, per_app=300, per_user=900)
USERS_BY_NAME = Call(
    name="users/by", parameters={"usernames": _list_of(_USERNAME), **_USER_SHAPE}, required=("usernames",), per_app=300,
    per_user=900,
)  # fmt: skip
MENTIONS = Call(
    name="users/:id/mentions",
    parameters={"max_results": _number(5, 100), "pagination_token": _text(400), **_BETWEEN, **_TWEET_SHAPE},
    per_app=450,
    per_user=300,
    page=10,
)
TIMELINE = Call(
    name="users/:id/tweets",
    parameters={**MENTIONS.parameters, "exclude": _chosen(EXCLUSIONS)},
    per_app=10_000,
    per_user=900,
    page=10,
)
TWEETS = Call(
    name="tweets", parameters={"ids": _list_of(_ID), **_TWEET_SHAPE}, required=("ids",), per_app=3_500, per_user=5_000
)
TWEET = Call(name="tweets/:id", parameters=_TWEET_SHAPE, per_app=450, per_user=900)
SEARCH = Call(
    name="tweets/search/recent",
    parameters={
        "query": _text(512),
        "max_results": _number(10, 100),
        "next_token": _text(400),
        "pagination_token": _text(400),
        "sort_order": _one_of("recency", "relevancy"),
        **_BETWEEN,
        **_TWEET_SHAPE,
    },
    required=("query",),
    per_app=450,
    per_user=300,
    page=10,
)
QUOTES = Call(
    name="tweets/:id/quote_tweets",
    parameters={
        "max_results": _number(10, 100),
        "pagination_token": _text(400),
        "exclude": _chosen(EXCLUSIONS),
        **_TWEET_SHAPE,
    },
    per_app=75,
    per_user=75,
    page=10,
)
# The four ways to look up direct messages share one book.
DM_EVENTS = Call(name="dm_events", parameters=_DM, app_only=False, scopes=_DM_SCOPES, per_user=15)
HIDE = Call(
    name="tweets/:id/hidden",
    parameters={},
    app_only=False,
    scopes=frozenset({"tweet.moderate.write", "tweet.read", "users.read"}),
    per_user=50,
)
DELETE = Call(
    name="DELETE tweets/:id",
    parameters={},
    app_only=False,
    scopes=frozenset({"tweet.read", "tweet.write", "users.read"}),
    per_user=50,
)


class Query:
    """A call's checked parameters."""

    def __init__(self, call: Call, values: Mapping[str, Value]) -> None:
        self.call = call
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self, name: str) -> frozenset[str]:
        """Return a set-valued parameter (fields, expansions, exclude); empty when it was not given."""
        value = self._values.get(name)
        return value if isinstance(value, frozenset) else frozenset()

    def fields(self, name: str, default: frozenset[str]) -> frozenset[str]:
        """Return the fields to show: X's defaults always, and what was asked for."""
        return default | self.names(name)

    def number(self, name: str) -> int | None:
        """Return a number or an id."""
        value = self._values.get(name)
        return value if isinstance(value, int) else None

    def time(self, name: str) -> datetime | None:
        """Return an instant."""
        value = self._values.get(name)
        return value if isinstance(value, datetime) else None

    def text(self, name: str) -> str | None:
        """Return a free text."""
        value = self._values.get(name)
        return value if isinstance(value, str) else None

    def list(self, name: str) -> tuple[str, ...]:
        """Return a list of ids or names, in the caller's order."""
        value = self._values.get(name)
        return value if isinstance(value, tuple) else ()

    @property
    def page_size(self) -> int:
        """How many results a page holds at most."""
        return self.number("max_results") or self.call.page


def read_query(call: Call, pairs: Iterable[tuple[str, str]]) -> Query:
    """Check a query string against a call's parameters.

    Raises:
        Refused: 400, naming every parameter at fault, when one is unknown, given twice, missing or out of range.
    """
    given: dict[str, str] = {}
    errors: list[dict[str, object]] = []
    for name, raw in pairs:
        if name not in call.parameters:
            known = ",".join(sorted(call.parameters))
            errors.append(_error(name, [raw], f"The query parameter [{name}] is not one of [{known}]"))
        elif name in given:
            errors.append(_error(name, [given[name], raw], f"The `{name}` query parameter can not be given twice"))
        else:
            given[name] = raw
    values: dict[str, Value] = {}
    for name, raw in given.items():
        value = call.parameters[name](name, raw)
        if isinstance(value, Fault):
            errors.append(_error(name, [raw], value.message))
        else:
            values[name] = value
    missing = [name for name in call.required if name not in given]
    errors += [_error(name, [], f"The `{name}` query parameter can not be empty") for name in missing]
    errors += _crossed(values)
    if errors:
        raise invalid_request(errors)
    return Query(call, values)


def _crossed(values: Mapping[str, Value]) -> list[dict[str, object]]:
    """Return what is wrong with parameters taken together."""
    errors = []
    for low, high in (("since_id", "until_id"), ("start_time", "end_time")):
        first, last = values.get(low), values.get(high)
        if isinstance(first, int | datetime) and type(first) is type(last) and not first < last:  # type: ignore[operator]  # the line checks it
            errors.append(_error(low, [str(first)], f"Invalid '{low}':'{first}'. '{low}' must be less than '{high}'"))
    if "next_token" in values and "pagination_token" in values:
        errors.append(_error("next_token", [], "Only one of 'next_token' and 'pagination_token' can be given"))
    return errors


def _error(name: str, values: list[str], message: str) -> dict[str, object]:
    return {"parameters": {name: values}, "message": message}


def path_id(name: str, raw: str) -> int:
    """Check an id that is part of the path.

    Raises:
        Refused: 400 when it is not a number of at most 19 digits.
    """
    if not _ID.fullmatch(raw):
        raise invalid(name, [raw], f"The `{name}` query parameter value [{raw}] does not match ^[0-9]{{1,19}}$")
    return int(raw)


def path_username(raw: str) -> str:
    """Check a username that is part of the path.

    Raises:
        Refused: 400 when X could not have given it to anybody.
    """
    if not _USERNAME.fullmatch(raw):
        pattern = "^[A-Za-z0-9_]{1,15}$"
        raise invalid("username", [raw], f"The `username` query parameter value [{raw}] does not match {pattern}")
    return raw


def path_conversation(raw: str) -> str:
    """Check a conversation id that is part of the path.

    Raises:
        Refused: 400 when it is neither two user ids nor a group's number.
    """
    if not _CONVERSATION_ID.fullmatch(raw):
        pattern = "^([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})$"
        raise invalid("id", [raw], f"The `id` query parameter value [{raw}] does not match {pattern}")
    return raw
