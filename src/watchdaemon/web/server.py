"""Serving the pages from a thread of this process."""

import logging
import socket
import threading
from typing import Any, Self

from watchdaemon.app import App
from watchdaemon.errors import ConfigError
from watchdaemon.services.words import WordService
from watchdaemon.web._application import LARGEST_FORM, Application
from watchdaemon.web._render import PageRenderer

_THREADS = 2  # a page takes milliseconds
_CONNECTIONS = 64
_HEADERS_AT_MOST = 16 * 1024  # bytes
_SECONDS_FOR_A_REQUEST = 20
_SECONDS_TO_END = 5.0


def application(app: App, *, listen: str) -> Application:
    """Join the pages of an app.

    Raises:
        ConfigError: `[web] public_url` is not set: there are no links that could lead here.
    """
    settings = app.settings
    if app.links is None or settings.web.public_url is None:
        raise ConfigError("web.public_url is not set: without it no mail has a link, and there is nothing to serve")
    words = WordService(
        store=app.store,
        links=app.links,
        judge=app.judge.run,
        calendar=app.calendar,
        watch=app.watch,
        clock=app.clock,
        also=settings.communications(),
    )
    renderer = PageRenderer(
        organisation=settings.organisation.name,
        zone=settings.organisation.timezone,
        language=settings.organisation.language,
        colour=settings.organisation.colour,
    )
    _, _, port = listen.rpartition(":")
    names = [listen, f"localhost:{port}", f"127.0.0.1:{port}"]
    return Application(words, renderer, public_url=settings.web.public_url, listen=names, proxies=settings.web.proxies)


def _channel_class() -> type:
    """Return waitress's channel, for which a byte now and then is no sign of life.

    Waitress counts the seconds for a request from the last byte, so that few slow clients could hold every connection
    for ever; here they are counted from the request's beginning.
    """
    from waitress.channel import HTTPChannel

    class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
        last_activity: float  # seconds since the epoch

        def handle_read(self) -> None:
            before = self.last_activity
            super().handle_read()
            if self.request is not None:  # not yet whole
                self.last_activity = before

    return Channel


class WebServer:
    """The pages of an app on a port. Use it as a context manager, or `start()` and `stop()`."""

    def __init__(self, app: App, *, port: int | None = None) -> None:
        """Make a server for `[web] listen`; `port` takes another one (0: a free one)."""
        self._app = app
        self._host, given = app.settings.web.place
        self._port = given if port is None else port
        self._sockets: dict[int, Any] = {}  # waitress's own map; emptying it ends its loop
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a trailing slash."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: There is nothing to serve, or the port cannot be had.
        """
        from waitress.server import create_server

        try:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            listening = socket.create_server((self._host, self._port), family=family, backlog=128)
        except OSError as error:
            place = f"{self._host}:{self._port}"
            raise ConfigError(f"web.listen: cannot listen on {place}: {error.strerror or error}") from error
        self._port = listening.getsockname()[1]
        try:
            pages = application(self._app, listen=self.url.removeprefix("http://"))
        except BaseException:
            listening.close()
            raise
        self._server = create_server(
            pages,
            map=self._sockets,
            sockets=[listening],
            threads=_THREADS,
            connection_limit=_CONNECTIONS,
            channel_timeout=_SECONDS_FOR_A_REQUEST,
            cleanup_interval=5,
            max_request_header_size=_HEADERS_AT_MOST,
            max_request_body_size=LARGEST_FORM,
            clear_untrusted_proxy_headers=False,  # the application looks at who sent them
            ident=None,
        )
        self._server.channel_class = _channel_class()
        # It warns of every page that waits for a thread, if only for a moment.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._thread = threading.Thread(target=self._server.run, name="watchdaemon-web", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the pages in hand and stop listening. Stopping a stopped one is no error."""
        if self._thread is None:
            return
        self._server.task_dispatcher.shutdown(timeout=_SECONDS_TO_END)
        self._server.trigger.pull_trigger(self._close_all)
        self._thread.join(timeout=_SECONDS_TO_END)
        self._thread = None

    def _close_all(self) -> None:
        """Close what the loop looks after, on its own thread: it ends when there is nothing left."""
        from waitress.wasyncore import close_all

        close_all(self._sockets)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
