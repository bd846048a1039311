"""The calls: XRPC by our road, with every answer checked before anybody reads it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon.http import Road, is_cut_or_foreign
from watchdaemon.ports import Clock
from watchdaemon_adapters.bluesky.problems import PLATFORM, error_from, is_token_refused
from watchdaemon_adapters.bluesky.sessions import Credential, Session, SessionKeeper
from watchdaemon_adapters.bluesky.settings import BlueskySettings

Body = Mapping[str, object]
Parameters = Sequence[tuple[str, str]]

# by the lexicon of app.bsky.feed.getPosts
POSTS_A_CALL = 25

# The service would take 1,000, but an answer nested that deeply is beyond JSON parsers; what lies below is asked for.
THREAD_DEPTH = 100

# a list with more pages than this does not end by itself
MOST_PAGES = 1_000

REASONS = ("reply", "mention", "quote")


class BlueskyClient:
    """One account's calls. Not shared between threads: make one for each fetch."""

    def __init__(
        self,
        *,
        road: Road,
        settings: BlueskySettings,
        account: str,
        name: str,
        credential: Credential,
        keeper: SessionKeeper,
        clock: Clock,
    ) -> None:
        self._road = road
        self._settings = settings
        self._account = account
        self._name = name
        self._credential = credential
        self._keeper = keeper
        self._clock = clock
        self.calls = 0

    # ---- what is asked for -------------------------------------------------------------------------------------

    def session(self, instead_of: SecretStr | None = None) -> Session:
        """Return the session that calls are made with, making or renewing it as needed."""
        return self._keeper.session(
            self._name, self._credential, self._post, account=self._account, instead_of=instead_of
        )

    def who_am_i(self) -> Body:
        """Ask the service whose session it is."""
        return self._get("com.atproto.server.getSession", [])

    def profile(self, actor: str) -> Body:
        """Return somebody's profile."""
        return self._get("app.bsky.actor.getProfile", [("actor", actor)])

    def author_feed(self, actor: str, *, replies: bool = True) -> Iterator[list[object]]:
        """Page through what somebody wrote and passed on, newest first."""
        chosen = "posts_with_replies" if replies else "posts_no_replies"
        parameters = [("actor", actor), ("filter", chosen), ("includePins", "false")]
        return self._pages("app.bsky.feed.getAuthorFeed", "feed", parameters)

    def notifications(self) -> Iterator[list[object]]:
        """Page through the account's replies, mentions and quotes, newest first. Marks nothing as seen."""
        return (page for page, _ in self.notifications_from(None))

    def notifications_from(self, start: str | None) -> Iterator[tuple[list[object], str | None]]:
        """Page through them from the page with that cursor on; each page comes with the next one's cursor."""
        reasons = [("reasons", reason) for reason in REASONS]
        return self._pages_from("app.bsky.notification.listNotifications", "notifications", reasons, start)

    def quotes(self, uri: str) -> Iterator[list[object]]:
        """Page through the posts that quote a post."""
        return self._pages("app.bsky.feed.getQuotes", "posts", [("uri", uri)])

    def mentions_found(self, did: str, handle: str, *, since: str) -> Iterator[list[object]]:
        """Page through what a search finds of posts that name somebody."""
        parameters = [("q", f"@{handle}"), ("mentions", did), ("since", since), ("sort", "latest")]
        return self._pages("app.bsky.feed.searchPosts", "posts", parameters)

    def thread(self, uri: str, *, depth: int = THREAD_DEPTH) -> Body:
        """Read a post and what stands below it. Raises NotThereError when the post is gone."""
        parameters = [("uri", uri), ("depth", str(depth)), ("parentHeight", "0")]
        return self._get("app.bsky.feed.getPostThread", parameters)

    def posts(self, uris: Sequence[str]) -> list[object]:
        """Read posts by their addresses, as many as there are; those that are gone or kept from us are not there."""
        found: list[object] = []
        for start in range(0, len(uris), POSTS_A_CALL):
            body = self._get("app.bsky.feed.getPosts", [("uris", u) for u in uris[start : start + POSTS_A_CALL]])
            found += self._rows(body, "posts")
        return found

    # ---- what is written: none of it is tried twice ---------------------------------------------------------------

    def create_record(self, did: str, collection: str, record: Body) -> Body:
        """Write a record under a new key."""
        return self._order("createRecord", {"repo": did, "collection": collection, "record": record})

    def put_record(self, did: str, collection: str, key: str, record: Body, *, swap: str | None) -> Body:
        """Write a record in the place of the one whose content is called `swap`; None: where there is none."""
        body = {"repo": did, "collection": collection, "rkey": key, "record": record, "swapRecord": swap}
        return self._order("putRecord", body)

    def delete_record(self, did: str, collection: str, key: str) -> None:
        """Delete a record; one that is not there is no error."""
        self._order("deleteRecord", {"repo": did, "collection": collection, "rkey": key})

    def _order(self, name: str, body: Body) -> Body:
        call = f"com.atproto.repo.{name}"

        def send(token: SecretStr) -> httpx.Response:
            return self._send("POST", call, token, body=body, idempotent=False)

        return self._checked(call, send)

    # ---- how it is asked for -----------------------------------------------------------------------------------

    def _pages(self, call: str, rows: str, parameters: Parameters) -> Iterator[list[object]]:
        """Give the pages of a list alone. Raises as `_pages_from`."""
        return (page for page, _ in self._pages_from(call, rows, parameters, None))

    def _pages_from(
        self, call: str, rows: str, parameters: Parameters, cursor: str | None
    ) -> Iterator[tuple[list[object], str | None]]:
        """Follow cursors to the end; gives each page with the cursor of the next one.

        Raises:
            RetriableError: INCOMPLETE when a cursor comes again or pages do not end, MALFORMED when a page is not one.
        """
        seen = {cursor} if cursor else set()
        for _ in range(MOST_PAGES):
            paging = [("limit", str(self._settings.page_size)), *([("cursor", cursor)] if cursor else [])]
            body = self._get(call, [*parameters, *paging])
            found, following = self._rows(body, rows), body.get("cursor")
            yield found, following if isinstance(following, str) and following else None
            if following is None or following == "":
                return
            if not isinstance(following, str):
                raise self._broken("Bluesky's page does not say whether more follow", Reason.MALFORMED)
            if following in seen:
                raise self._broken("Bluesky gave the same cursor twice", Reason.INCOMPLETE)
            cursor = following
            seen.add(cursor)
        raise self._broken("Bluesky's list does not end", Reason.INCOMPLETE)

    def _rows(self, body: Body, name: str) -> list[object]:
        rows = body.get(name)
        if not isinstance(rows, list):
            raise self._broken("Bluesky answered 200 without a list", Reason.MALFORMED)
        return rows

    def _get(self, call: str, parameters: Parameters) -> Body:
        return self._checked(call, lambda token: self._send("GET", call, token, parameters=parameters))

    def _checked(self, call: str, send: Callable[[SecretStr], httpx.Response]) -> Body:
        token = self.session().access
        answer = send(token)
        if is_token_refused(answer.status_code, _json(answer)):
            answer = send(self.session(instead_of=token).access)
        body = _json(answer)
        error = error_from(
            answer.status_code, answer.headers, body, account=self._account, call=call, now=self._clock()
        )
        if error is not None:
            raise error
        return body if isinstance(body, dict) else {}

    def _post(self, call: str, body: Mapping[str, str] | None, token: SecretStr | None) -> httpx.Response:
        return self._send("POST", call, token, body=body)

    def _send(
        self,
        method: str,
        call: str,
        token: SecretStr | None,
        *,
        parameters: Parameters = (),
        body: Mapping[str, object] | None = None,
        idempotent: bool = True,
    ) -> httpx.Response:
        self.calls += 1
        # arrays repeat their name, which a mapping of parameters cannot say
        query = f"?{urlencode(parameters)}" if parameters else ""
        return self._road.request(
            method,
            f"{self._settings.base_url}/xrpc/{call}{query}",
            platform=PLATFORM,
            account=self._account,
            json=body,
            headers={"Authorization": f"Bearer {token.get_secret_value()}"} if token is not None else None,
            # a session more does no harm, and a refresh token that was used gives the same pair again
            idempotent=idempotent,
            timeout=self._settings.timeout_seconds,
            # a limit holds for minutes: trying again at once only eats into the next one
            should_retry=_is_worth_repeating,
        )

    def _broken(self, message: str, reason: Reason) -> AdapterError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self._account)


def _is_worth_repeating(response: httpx.Response) -> bool:
    """Tell whether the server has trouble, or its answer was cut on its way or is another's page."""
    return (response.status_code >= 500 and response.status_code != 501) or is_cut_or_foreign(response)


def _json(answer: httpx.Response) -> object:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None
