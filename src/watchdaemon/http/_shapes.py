"""The shapes the SDKs ride on: a requests-like session and an httplib2-like http object over the road."""

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, cast

import httpx

from watchdaemon.http._road import Road, is_worth_repeating

if TYPE_CHECKING:  # heavy, and only there when their SDK is
    import httplib2
    import requests

# what httpx counts or negotiates itself, and our own name
_OWN_HEADERS = frozenset({"user-agent", "content-length", "accept-encoding", "connection", "transfer-encoding"})


class RequestsShape:
    """What facebook-sdk and tweepy call a session: ``.request(method, url, **kwargs)`` giving a requests.Response.

    Raises `RetriableError` where requests would raise one of its own exceptions.
    """

    def __init__(
        self,
        road: Road,
        *,
        platform: str,
        account: str | None = None,
        rewrite: tuple[str, str] | None = None,
        timeout: float | None = None,
        should_retry: Callable[[httpx.Response], bool] = is_worth_repeating,
        idempotent: bool | None = None,
    ) -> None:
        """Make a session.

        Args:
            road: What the requests go by.
            platform: The adapter's name, for logs and errors.
            account: The account's key, for logs and errors.
            rewrite: (prefix, replacement) for URLs whose start the SDK has built in. It is done before signing.
            timeout: Seconds, when the SDK names none; None is the road's own.
            should_retry: Which answers to a repeatable request are worth another try.
            idempotent: Whether all its requests may be repeated, whatever their method; None goes by the method.
        """
        self._road = road
        self._platform = platform
        self._account = account
        self._rewrite = rewrite
        self._timeout = timeout
        self._should_retry = should_retry
        self._idempotent = idempotent
        self.last_response: httpx.Response | None = None  # the newest answer, for headers that an SDK does not show

    def request(
        self,
        method: str,
        url: str,
        *,
        params: object = None,
        data: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | tuple[float, float] | None = None,
        proxies: object = None,  # noqa: ARG002 - the road decides how to go out
        files: object = None,
        auth: object = None,
        json: object = None,
        **_ignored: object,
    ) -> "requests.Response":
        """Prepare the request the way requests does (auth objects included) and send it by the road."""
        import requests

        prepared = requests.Request(
            method.upper(),
            self._rewritten(url),
            headers=dict(headers or {}),
            **cast("dict[str, Any]", {"params": params, "data": data, "files": files, "auth": auth, "json": json}),
        ).prepare()
        seconds = max(timeout) if isinstance(timeout, tuple) else timeout
        answer = self._road.request(
            method,
            prepared.url or "",
            platform=self._platform,
            account=self._account,
            content=_as_bytes(prepared.body),
            headers=_forwarded(prepared.headers),
            timeout=seconds or self._timeout,
            should_retry=self._should_retry,
            idempotent=self._idempotent,
        )
        self.last_response = answer
        return _requests_response(prepared, answer)

    def close(self) -> None:
        """Nothing to close: the road has the connections."""

    def __enter__(self) -> Self:
        """A session may be a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def _rewritten(self, url: str) -> str:
        if self._rewrite is not None and url.startswith(self._rewrite[0]):
            return self._rewrite[1] + url[len(self._rewrite[0]) :]
        return url


class Httplib2Shape:
    """What google-api-python-client calls http: ``.request(uri, method, body, headers)`` giving (Response, bytes)."""

    def __init__(
        self,
        road: Road,
        *,
        platform: str,
        account: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        should_retry: Callable[[httpx.Response], bool] = is_worth_repeating,
    ) -> None:
        """Make an http object; `headers` (an Authorization, say) are added to every request."""
        self._should_retry = should_retry
        self._road = road
        self._platform = platform
        self._account = account
        self._headers = dict(headers or {})
        self.timeout = timeout  # google_auth_httplib2 reads it

    def request(
        self,
        uri: str,
        method: str = "GET",
        *,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 0,  # noqa: ARG002 - redirects are not followed
        connection_type: object = None,  # noqa: ARG002 - the road has its own
    ) -> "tuple[httplib2.Response, bytes]":
        """Send by the road. Raises `RetriableError` where httplib2 would raise a socket error."""
        import httplib2

        answer = self._road.request(
            method,
            uri,
            platform=self._platform,
            account=self._account,
            content=_as_bytes(body),
            headers={**_forwarded(headers or {}), **self._headers},
            timeout=self.timeout,
            should_retry=self._should_retry,
        )
        response = httplib2.Response({**answer.headers, "status": str(answer.status_code)})
        response.reason = answer.reason_phrase
        return response, answer.content

    def close(self) -> None:
        """Nothing to close: the road has the connections."""


def _forwarded(headers: Mapping[str, str | bytes]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else value.decode("latin-1")
        for name, value in headers.items()
        if name.lower() not in _OWN_HEADERS
    }


def _as_bytes(body: object) -> bytes | None:
    if not body:
        return None
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    return bytes(cast("io.BufferedIOBase", body).read())


def _requests_response(prepared: "requests.PreparedRequest", answer: httpx.Response) -> "requests.Response":
    import requests
    from requests.structures import CaseInsensitiveDict
    from requests.utils import get_encoding_from_headers

    response = requests.Response()
    response.status_code = answer.status_code
    response.reason = answer.reason_phrase
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.url = (prepared.url or "").partition("?")[0]  # the query may hold a token
    response.request = prepared
    response.raw = io.BytesIO(answer.content)
    response._content = answer.content  # noqa: SLF001 - read already; requests has no public way to say so
    response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001 - the same
    return response
