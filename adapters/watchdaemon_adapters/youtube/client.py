"""The calls: google-api-python-client over our road, with every answer checked before the library sees it."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from watchdaemon.errors import Reason, RetriableError
from watchdaemon.http import Httplib2Shape, Road, is_cut_or_foreign, is_worth_repeating
from watchdaemon.ports import Clock
from watchdaemon_adapters.youtube.problems import PLATFORM, error_from
from watchdaemon_adapters.youtube.settings import YouTubeSettings
from watchdaemon_adapters.youtube.tokens import Credential, TokenKeeper

if TYPE_CHECKING:
    import httplib2

Body = Mapping[str, object]

# Above 2,048 characters of address the library turns a GET into a POST, which is not tried again and which not every
# server takes; a reply's id has about fifty characters.
IDS_A_CALL = 30


class Library:
    """The client library's service object: built once (it reads a large document), used by every thread.

    It holds no connection and no token: each request is given the account's own http object.
    """

    def __init__(self, settings: YouTubeSettings) -> None:
        self._settings = settings
        self._service: Any = None
        self._lock = threading.Lock()

    def service(self) -> Any:
        """Return the service object; made at run time from a document, it has no type."""
        with self._lock:
            if self._service is None:
                from googleapiclient.discovery import build

                self._service = build(
                    "youtube",
                    "v3",
                    http=_NoHttp(),
                    static_discovery=True,
                    cache_discovery=False,
                    client_options={"api_endpoint": self._settings.api_endpoint},
                )
            return self._service


class _NoHttp:
    """Stands where the library wants an http object of its own, and is never used."""

    def request(self, *_: object, **__: object) -> "tuple[httplib2.Response, bytes]":
        raise AssertionError("every request is given an http object")

    def close(self) -> None:
        """Nothing to close."""


class _CheckedHttp:
    """An account's http object: adds its token, renews it once when refused, and raises our errors."""

    def __init__(
        self,
        shape: Httplib2Shape,
        *,
        account: str,
        name: str,
        credential: Credential,
        keeper: TokenKeeper,
        clock: Clock,
    ) -> None:
        self._shape = shape
        self._account = account
        self._name = name
        self._credential = credential
        self._keeper = keeper
        self._clock = clock
        self.calls = 0

    def token(self, instead_of: SecretStr | None = None) -> SecretStr:
        """Return the access token to use."""
        if self._credential.token is not None:
            return self._credential.token
        kept = self._keeper.token(self._name, self._credential, account=self._account, instead_of=instead_of)
        return kept.value

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> "tuple[httplib2.Response, bytes]":
        """Send a request and check what came."""
        token = self.token()
        response, content = self._send(uri, method, body, headers, token)
        if response.status == 401 and self._credential.token is None:
            response, content = self._send(uri, method, body, headers, self.token(instead_of=token))
        try:
            parsed: object = json.loads(content)
        except (ValueError, RecursionError):
            parsed = None
        if response.status == 204 and method != "GET":
            return response, content  # an order that was carried out; a question is never answered so
        error = error_from(
            response.status,
            {k.lower(): v for k, v in response.items()},
            parsed,
            account=self._account,
            project=self._credential.project,
            now=self._clock(),
        )
        if error is not None:
            raise error
        return response, content

    def _send(
        self, uri: str, method: str, body: bytes | str | None, headers: Mapping[str, str] | None, token: SecretStr
    ) -> "tuple[httplib2.Response, bytes]":
        self.calls += 1
        bearer = {"Authorization": f"Bearer {token.get_secret_value()}"}
        return self._shape.request(uri, method, body=body, headers={**(headers or {}), **bearer})

    def close(self) -> None:
        """Nothing to close."""


class YouTubeClient:
    """One account's calls. Not shared between threads: make one for each fetch."""

    def __init__(
        self,
        *,
        library: Library,
        road: Road,
        settings: YouTubeSettings,
        account: str,
        name: str,
        credential: Credential,
        keeper: TokenKeeper,
        clock: Clock,
    ) -> None:
        shape = Httplib2Shape(
            road,
            platform=PLATFORM,
            account=account,
            timeout=settings.timeout_seconds,
            should_retry=lambda answer: is_worth_repeating(answer) or is_cut_or_foreign(answer),
        )
        self._http = _CheckedHttp(shape, account=account, name=name, credential=credential, keeper=keeper, clock=clock)
        self._library = library
        self._settings = settings
        self._account = account

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._http.calls

    def my_channels(self, parts: Sequence[str]) -> list[object]:
        """Return the channels the credential belongs to: one, or none at all."""
        return self._rows(self._call("channels", part=",".join(parts), mine=True))

    def uploads(self, playlist_id: str) -> Iterator[list[object]]:
        """Page through a channel's own videos, newest first as a rule."""
        return self._pages(
            "playlistItems",
            part="contentDetails,snippet,status",
            playlistId=playlist_id,
            maxResults=self._settings.uploads_page_size,
        )

    def threads(
        self, channel_id: str, status: str, *, start: str | None = None
    ) -> Iterator[tuple[list[object], str | None]]:
        """Page through the comment threads of a channel and its videos, by the time of the top-level comment.

        Begins at the page of a token when `start` is given; yields each page with the token of the one after it.
        """
        return self._pages_with_tokens(
            "commentThreads",
            start,
            part="id,snippet,replies",
            allThreadsRelatedToChannelId=channel_id,
            moderationStatus=status,
            order="time",
            textFormat="plainText",
            maxResults=self._settings.page_size,
        )

    def replies(self, thread_id: str) -> Iterator[list[object]]:
        """Page through the replies to a top-level comment."""
        return self._pages(
            "comments",
            part="id,snippet",
            parentId=thread_id,
            textFormat="plainText",
            maxResults=self._settings.page_size,
        )

    def comments(self, ids: Sequence[str]) -> list[object]:
        """Read comments by id (`IDS_A_CALL` at most); those that are gone are just not there."""
        return self._rows(self._call("comments", part="id,snippet", id=",".join(ids), textFormat="plainText"))

    def videos(self, ids: Sequence[str], part: str) -> list[object]:
        """Read videos by id (`IDS_A_CALL` at most); those that are gone are just not there."""
        return self._rows(self._call("videos", part=part, id=",".join(ids)))

    def reply(self, thread_id: str, text: str) -> Body:
        """Answer a thread. Neither this nor what follows is tried twice."""
        body = {"snippet": {"parentId": thread_id, "textOriginal": text}}
        return self._executed(self._library.service().comments().insert(part="snippet", body=body))

    def delete_comment(self, comment_id: str) -> None:
        """Delete an own comment."""
        self._executed(self._library.service().comments().delete(id=comment_id))

    def set_moderation_status(self, comment_id: str, status: str) -> None:
        """Hold a comment for review, or publish it."""
        self._executed(self._library.service().comments().setModerationStatus(id=comment_id, moderationStatus=status))

    def _pages(self, resource: str, **parameters: object) -> Iterator[list[object]]:
        """Follow page tokens to the end. Raises as `_pages_with_tokens`."""
        return (rows for rows, _ in self._pages_with_tokens(resource, None, **parameters))

    def _pages_with_tokens(
        self, resource: str, start: str | None, **parameters: object
    ) -> Iterator[tuple[list[object], str | None]]:
        """Follow page tokens to the end.

        Raises:
            RetriableError: INCOMPLETE when a token comes again (it would never end).
        """
        seen: set[str] = set()
        token = start
        while True:
            body = self._call(resource, **parameters, **({"pageToken": token} if token else {}))
            rows, given = self._rows(body), body.get("nextPageToken")
            following = given if isinstance(given, str) and given and given not in seen else None
            yield rows, following
            if given is None:
                return
            if following is None:
                raise self._bad_token(given)
            token = following
            seen.add(following)

    def _bad_token(self, given: object) -> RetriableError:
        if isinstance(given, str) and given:
            return self._broken("YouTube gave the same page token twice", Reason.INCOMPLETE)
        return self._broken("YouTube's page does not say whether more follow", Reason.MALFORMED)

    def _rows(self, body: Body) -> list[object]:
        """Return an answer's rows. An empty list may be left out, but then the answer still says what it is."""
        rows = body.get("items")
        if isinstance(rows, list):
            return rows
        if rows is not None or not isinstance(body.get("kind"), str):
            raise self._broken("YouTube answered 200 without a list", Reason.MALFORMED)
        return []

    def _call(self, resource: str, **parameters: object) -> Body:
        return self._executed(getattr(self._library.service(), resource)().list(**parameters))

    def _executed(self, request: Any) -> Body:
        answer = request.execute(http=self._http)
        return answer if isinstance(answer, dict) else {}

    def _broken(self, message: str, reason: Reason) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self._account)
