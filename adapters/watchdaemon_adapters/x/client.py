"""The calls: tweepy over our road, with every answer checked before tweepy sees it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from watchdaemon.errors import AccountError, Reason, RetriableError
from watchdaemon.http import RequestsShape, Road, is_cut_or_foreign
from watchdaemon.ports import Clock
from watchdaemon_adapters.x.problems import PLATFORM, error_from, refusal_within
from watchdaemon_adapters.x.settings import XSettings

if TYPE_CHECKING:
    import requests

Body = Mapping[str, object]

# the host that tweepy has built in
_TWEEPY_HOST = "https://api.twitter.com"

_OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")

POST_FIELDS = [
    "created_at",
    "author_id",
    "conversation_id",
    "in_reply_to_user_id",
    "referenced_tweets",
    "edit_history_tweet_ids",
    "note_tweet",
]
# Every user and post that an answer includes is billed besides, so nothing is expanded (see `authors`). The service is
# moving from tweet.fields to post.fields: this is the one place that says which is sent.
POST_PARAMETERS: Mapping[str, object] = {"tweet_fields": POST_FIELDS}
MESSAGE_PARAMETERS: Mapping[str, object] = {
    "event_types": "MessageCreate",
    "dm_event_fields": ["id", "text", "event_type", "created_at", "sender_id", "dm_conversation_id"],
}
# how many users one look-up takes
USERS_A_CALL = 100
PROFILE_FIELDS = ["id", "name", "username", "description", "entities", "location", "url", "protected"]


@dataclass
class _CheckedSession:
    """The session tweepy rides on: raises our errors, so that tweepy only ever sees a JSON object with 2xx.

    tweepy's own error classes read the answer's body without care, and have none for 402.
    """

    shape: RequestsShape
    account: str
    clock: Clock
    calls: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)  # the newest answer's
    renew: Callable[[], str] | None = None  # gives another token for one that X refused

    def request(self, method: str, url: str, **arguments: object) -> "requests.Response":
        """Send a request and check what came."""
        response = self._send(method, url, arguments)
        if response.status_code == 401 and self.renew is not None:
            headers = arguments.get("headers")
            bearer = {"Authorization": f"Bearer {self.renew()}"}
            self.renew = None  # once: a new token that is refused too is a matter for a person
            arguments["headers"] = {**(headers if isinstance(headers, Mapping) else {}), **bearer}
            response = self._send(method, url, arguments)
        try:
            body: object = response.json()
        except (ValueError, RecursionError):
            body = None
        self.headers = {k.lower(): v for k, v in response.headers.items()}
        error = error_from(response.status_code, self.headers, body, account=self.account, now=self.clock())
        if error is not None:
            raise error
        return response

    def _send(self, method: str, url: str, arguments: Mapping[str, object]) -> "requests.Response":
        self.calls += 1
        return self.shape.request(method, url, **arguments)  # type: ignore[arg-type]  # tweepy's arguments pass through


class XClient:
    """One account's calls. Not shared between threads: make one for each fetch."""

    def __init__(
        self,
        road: Road,
        settings: XSettings,
        account: str,
        secrets: Mapping[str, SecretStr],
        clock: Clock,
        *,
        renew: Callable[[str], Mapping[str, SecretStr]] | None = None,
    ) -> None:
        """Make a client. `renew` is given a refused token, and returns fields with another one.

        Raises:
            AccountError: The credential lacks a field.
        """
        import tweepy

        keys = _client_keys(secrets, account)
        self.user_auth = "bearer_token" not in keys
        shape = RequestsShape(
            road,
            platform=PLATFORM,
            account=account,
            rewrite=(_TWEEPY_HOST, settings.base_url),
            timeout=settings.timeout_seconds,
            # a limit holds for up to 15 minutes: trying again at once only eats into the next one
            should_retry=_is_worth_repeating,
        )
        can_renew = renew is not None and not self.user_auth and "refresh_token" in secrets
        self._session = _CheckedSession(shape, account, clock, renew=self._renewed if can_renew else None)
        self._renew = renew
        self._tweepy = tweepy.Client(**keys, return_type=dict, wait_on_rate_limit=False)
        self._tweepy.session = self._session
        self._account = account

    def _renewed(self) -> str:
        """Get another token for the one in use, and go on with it."""
        if self._renew is not None:
            self._tweepy.bearer_token = self._renew(self._tweepy.bearer_token)["token"].get_secret_value()
        return str(self._tweepy.bearer_token)

    @property
    def calls(self) -> int:
        """How many calls were made so far."""
        return self._session.calls

    @property
    def access_level(self) -> str:
        """What the newest answer said the token may do ("" when it did not)."""
        return self._session.headers.get("x-access-level", "")

    def me(self, fields: Sequence[str] = ("id", "name", "username", "public_metrics")) -> Mapping[str, object]:
        """Return the user the token belongs to."""
        body = self._listing(self._tweepy.get_me, user_fields=list(fields))
        user = body.get("data")
        if not isinstance(user, dict):
            raise self._broken("X did not say whose token this is", Reason.MALFORMED)
        return user

    def users(self, user_ids: Sequence[str]) -> list[object]:
        """Read up to `USERS_A_CALL` users by id; those that are gone are not there."""
        return rows_of(self._call(self._tweepy.get_users, ids=list(user_ids), user_fields=["name", "username"]))

    def user(self, user_id: str) -> object:
        """Read one user by id."""
        return self._listing(self._tweepy.get_user, id=user_id, user_fields=["name", "username"]).get("data")

    def own_posts(self, user_id: str, **parameters: object) -> Iterator[Body]:
        """Page through what the account wrote: posts, answers, quotes, reposts."""
        return self._pages(self._tweepy.get_users_tweets, user_id, parameters={**POST_PARAMETERS, **parameters})

    def newest_own_posts(self, user_id: str, *, exclude: Sequence[str] = ("replies", "retweets")) -> Body:
        """Return one small page of own posts; by default of those proper."""
        left_out = {"exclude": list(exclude)} if exclude else {}
        return self._listing(
            self._tweepy.get_users_tweets, user_id, tweet_fields=["created_at"], max_results=5, **left_out
        )

    def mentions(self, user_id: str, **parameters: object) -> Iterator[Body]:
        """Page through the posts that name the account."""
        return self._pages(self._tweepy.get_users_mentions, user_id, parameters={**POST_PARAMETERS, **parameters})

    def search(self, query: str, **parameters: object) -> Iterator[Body]:
        """Page through what a search of the last seven days finds, newest first."""
        parameters = {"sort_order": "recency", **POST_PARAMETERS, **parameters}
        return self._pages(self._tweepy.search_recent_tweets, query, parameters=parameters, follow="next_token")

    def quotes(self, post_id: str, **parameters: object) -> Iterator[Body]:
        """Page through the posts that quote a post."""
        return self._pages(self._tweepy.get_quote_tweets, post_id, parameters={**POST_PARAMETERS, **parameters})

    def messages(self, **parameters: object) -> Iterator[Body]:
        """Page through direct messages, newest first, 30 days back; from a page on where its token is given."""
        return self._pages(self._tweepy.get_direct_message_events, parameters={**MESSAGE_PARAMETERS, **parameters})

    def look_up(self, post_ids: Sequence[str]) -> Body:
        """Read up to 100 posts by id; those that are gone come under ``errors``."""
        return self._call(self._tweepy.get_tweets, list(post_ids), **POST_PARAMETERS)

    def set_hidden(self, post_id: str, *, hidden: bool) -> Body:
        """Hide a reply under an own post, or show it again. Neither this nor a deletion is tried twice."""
        return self._listing(self._tweepy.hide_reply if hidden else self._tweepy.unhide_reply, post_id)

    def delete_post(self, post_id: str) -> Body:
        """Delete an own post."""
        return self._listing(self._tweepy.delete_tweet, post_id)

    def _pages(
        self,
        method: Callable[..., Any],
        *arguments: object,
        parameters: Mapping[str, object],
        follow: str = "pagination_token",
    ) -> Iterator[Body]:
        """Follow next tokens to the end; `follow` is the parameter that takes them.

        Raises:
            RetriableError: INCOMPLETE when a token comes again (it would never end), MALFORMED when a page is not one.
        """
        seen: set[str] = set()
        asked = dict(parameters)
        while True:
            body = self._listing(method, *arguments, **asked)
            if not isinstance(body.get("data") or [], list):
                raise self._broken("X's list is not a list", Reason.MALFORMED)
            yield body
            token = self._next_token(body)
            if token is None:
                return
            if token in seen:
                raise self._broken("X gave the same page token twice", Reason.INCOMPLETE)
            seen.add(token)
            asked[follow] = token

    def _next_token(self, body: Body) -> str | None:
        """Return where the next page is; a page that does not say so in a readable way is not taken for the last."""
        meta = body.get("meta")
        token = meta.get("next_token") if isinstance(meta, dict) else 0
        if token is not None and not (isinstance(token, str) and token):
            raise self._broken("X's page does not say whether more follow", Reason.MALFORMED)
        return token

    def _broken(self, message: str, reason: Reason) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self._account)

    def _listing(self, method: Callable[..., Any], *arguments: object, **parameters: object) -> Body:
        body = self._call(method, *arguments, **parameters)
        error = refusal_within(body, account=self._account)
        if error is not None:
            raise error
        _refuse_uncounted_silence(body, self._account)
        return body

    def _call(self, method: Callable[..., Any], *arguments: object, **parameters: object) -> Body:
        answer = method(*arguments, user_auth=self.user_auth, **parameters)
        return answer if isinstance(answer, dict) else {}


def rows_of(body: Body) -> list[object]:
    """Return the rows of a listing: none when there is no ``data``."""
    rows = body.get("data")
    return rows if isinstance(rows, list) else []


def _refuse_uncounted_silence(body: Body, account: str) -> None:
    """An answer that counts results and shows none is not an empty one."""
    meta = body.get("meta")
    count = meta.get("result_count") if isinstance(meta, dict) else None
    if isinstance(count, int) and count > 0 and not body.get("data"):
        message = "X counted results and showed none of them"
        raise RetriableError(message, platform=PLATFORM, reason=Reason.SUSPICIOUS_EMPTY, account=account)


def _is_worth_repeating(response: httpx.Response) -> bool:
    is_outage = response.status_code >= 500 and response.status_code != 501
    return is_outage or is_cut_or_foreign(response)


def _client_keys(secrets: Mapping[str, SecretStr], account: str) -> dict[str, str]:
    """Return tweepy's arguments: the four OAuth 1.0a keys when there are any of them, else the user's bearer token."""
    given = [name for name in _OAUTH1 if name in secrets]
    if not given and "token" in secrets:
        return {"bearer_token": secrets["token"].get_secret_value()}
    missing = [name for name in _OAUTH1 if name not in secrets]
    if missing:
        message = f"the credential lacks {', '.join(missing)}" + ("" if given else " (or token)")
        raise AccountError(message, platform=PLATFORM, reason=Reason.NO_CREDENTIAL, account=account)
    return {name: secrets[name].get_secret_value() for name in _OAUTH1}
