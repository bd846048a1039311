"""The pages beside the daemon: served while it runs, with its parts; what befalls them never stops it."""

from typing import TYPE_CHECKING

import structlog

from watchdaemon.app import App
from watchdaemon.errors import WatchdaemonError

if TYPE_CHECKING:
    from watchdaemon.web.server import WebServer  # imported where it is used: without pages a daemon spares its memory

log = structlog.get_logger(__name__)


class Companion:
    """Implements `daemon.loop.Companion`."""

    def __init__(self) -> None:
        self._app: App | None = None
        self._server: WebServer | None = None
        self._complained = ""

    def tend(self, app: App) -> None:
        """Serve the pages of this app, if it has any; a port that could not be had is tried again each time."""
        if app is self._app and self._server is not None:
            return
        self.stop()
        self._app = app
        if app.links is None:
            return
        from watchdaemon.web.server import WebServer

        server = WebServer(app)
        try:
            server.start()
        except WatchdaemonError as error:
            if str(error) != self._complained:  # once, not every minute
                log.error("pages_not_served", detail=str(error))
                self._complained = str(error)
            return
        self._server, self._complained = server, ""
        log.info("pages_served", listen=server.url)

    def stop(self) -> None:
        """Finish the pages in hand and end."""
        if self._server is not None:
            self._server.stop()
        self._app = self._server = None
