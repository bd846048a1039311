"""Where a consent comes back to: a one-shot HTTP server on loopback, or the address that a person pastes."""

import secrets
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr

from watchdaemon.errors import ConfigError, WatchdaemonError

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_REQUEST_SECONDS: Final = 5.0
_PAGE: Final = "<!doctype html><meta charset=utf-8><title>watchdaemon</title><p>{}</p>"
_DONE: Final = "Consent received. You can close this window and go back to the terminal."
_NOT_OURS: Final = "This is not the consent that is waited for."
_APP_IS_NOT_READY: Final = "the app may not ask for this: see its permissions in the platform's developer portal"
_MEANS: Final = {
    "access_denied": "the account's owner said no",
    "user_denied": "the account's owner said no",
    "invalid_scope": _APP_IS_NOT_READY,
    "unauthorized_client": _APP_IS_NOT_READY,
    "server_error": "the platform failed; try again",
    "temporarily_unavailable": "the platform is busy; try again later",
}
"""What the platforms' words for "no code" mean (RFC 6749, 4.1.2.1; `user_denied` is Meta's reason)."""


class ConsentError(WatchdaemonError):
    """The owner did not consent, or what came back does not belong to what was asked."""


def code_in(answer: str, state: str) -> SecretStr | None:
    """Return the code in the address a browser was sent to; None when it is another's (the state differs).

    Raises:
        ConsentError: The platform says that there is no consent.
    """
    query = parse_qs(urlsplit(answer).query)
    if not secrets.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        return None
    if "code" not in query:
        error = query.get("error", ["no code"])[0][:60]
        raise ConsentError(
            f"no consent was given: {_MEANS[error]} ({error})" if error in _MEANS else f"no consent was given ({error})"
        )
    return SecretStr(query["code"][0])


def pasted_code(text: str, state: str) -> SecretStr:
    """Return the code from what a person pasted: the whole address, or the bare code as some platforms show it.

    Raises:
        ConsentError: It is empty, or an address that answers another question.
    """
    text = text.strip().removesuffix("#_")  # which Meta puts behind its codes (Threads API, "Get access tokens")
    if "://" not in text and "code=" not in text:
        if not text:
            raise ConsentError("nothing was pasted")
        return SecretStr(text)
    code = code_in(text if "?" in text else f"?{text}", state)
    if code is None:
        raise ConsentError("the pasted address belongs to another attempt: begin again and paste the newest one")
    return code


class Receiver:
    """Listens where the redirect URI points to, for one answer."""

    def __init__(self, redirect_uri: str, state: str) -> None:
        """Listen at once, so that the address can be shown after. Raises ConfigError."""
        parts = urlsplit(redirect_uri)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            raise ConfigError(
                f"{redirect_uri} does not lead to this machine: with such a redirect URI paste the address (--paste)"
            )
        self._state = state
        self._redirect_uri = redirect_uri
        self._path = parts.path or "/"
        self._found: SecretStr | ConsentError | None = None
        try:
            self._server = HTTPServer((parts.hostname or "", parts.port or 80), self._handler())
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {redirect_uri} ({error.strerror}); or paste the address (--paste)"
            ) from error

    def __enter__(self) -> Self:
        """A receiver is a context manager."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Stop listening."""
        self._server.server_close()

    def wait(self, seconds: float) -> SecretStr:
        """Return the code. Raises ConsentError when none came in time, or the owner said no."""
        deadline = time.monotonic() + seconds
        while self._found is None and (left := deadline - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        if self._found is None:
            raise ConsentError(
                f"no consent came back to {self._redirect_uri} in time. If the platform's page complained of the "
                "app or of the redirect URI, register that address with the app; or paste the address (--paste)"
            )
        if isinstance(self._found, ConsentError):
            raise self._found
        return self._found

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = _LONGEST_REQUEST_SECONDS  # a connection that says nothing keeps nobody waiting for long

            def do_GET(self) -> None:
                """Take the answer; whatever else comes by is turned away, and the waiting goes on."""
                status, text = receiver._take(self.path)
                content = _PAGE.format(text).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Cache-Control", "no-store")
                self.send_header("Referrer-Policy", "no-referrer")  # the address holds the code
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Say nothing: the address holds the code."""

        return Handler

    def _take(self, path: str) -> tuple[int, str]:
        if urlsplit(path).path != self._path:
            return 404, _NOT_OURS
        try:
            code = code_in(path, self._state)
        except ConsentError as error:
            self._found = error
            return 200, "No consent was given. You can close this window."
        if code is None:
            return 400, _NOT_OURS
        self._found = code
        return 200, _DONE
