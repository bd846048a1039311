"""The shapes the SDKs ride on: a requests-like session and an httplib2-like http object over the road."""

from watchdaemon.http._road import Road


class RequestsShape:
    """What facebook-sdk and tweepy call a session: ``.request(method, url, **kwargs)`` giving a requests.Response."""

    def __init__(self, road: Road, *, platform: str, account: str | None = None) -> None:
        self._road = road
        self._platform = platform
        self._account = account


class Httplib2Shape:
    """What google-api-python-client calls http: ``.request(uri, method, body, headers)`` giving (Response, bytes)."""

    def __init__(self, road: Road, *, platform: str, account: str | None = None) -> None:
        self._road = road
        self._platform = platform
        self._account = account
