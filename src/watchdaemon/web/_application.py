"""The pages as a WSGI application (PEP 3333): GET and HEAD show, and only POST from a page's own form acts."""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BufferedIOBase
from secrets import token_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog

from watchdaemon.errors import ConfigError, StorageError
from watchdaemon.services.links import PATH, LinkRefusedError, Purpose
from watchdaemon.services.words import ItemLook, Look, NoteMissingError, WordChangedError, WordService
from watchdaemon.web._limits import Limits
from watchdaemon.web._render import PageRenderer
from watchdaemon.web._views import Entered, item_view, window_view

log = structlog.get_logger(__name__)

LARGEST_FORM = 16 * 1024
"""Bytes: 500 characters of four bytes, each percent-encoded, and the rest of the form."""

_FORM_TYPE = "application/x-www-form-urlencoded"
_SERIAL_BYTES = 4
_STUCK_ON = re.compile(r"[^A-Za-z0-9_/-]{1,20}\Z")
"""What a copied link brings along from its sentence: a full stop, a bracket. No token ends in it."""

_HEALTH = "/healthz"
_PLAIN = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))

StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is read of a request. It does not show in a repr: its path is a secret."""

    method: str
    path: str = field(repr=False)
    host: str
    address: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def token(self) -> str | None:
        """The link's token, when the path is a link's."""
        first, _, token = self.path.lstrip("/").partition("/")
        token = _STUCK_ON.sub("", token)
        return token if first == PATH and token and "/" not in token else None

    def form(self) -> Mapping[str, str] | None:
        """Return the fields of a form sent by the page itself; None when it is no such form."""
        if self.headers.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORM_TYPE:
            return None
        # Browsers say where a form was (Fetch Metadata); one of another site's is not the page's.
        if self.headers.get("HTTP_SEC_FETCH_SITE", "same-origin") not in {"same-origin", "none"}:
            return None
        try:
            fields = parse_qs(self.body.decode("ascii"), keep_blank_values=True, max_num_fields=10, errors="replace")
        except ValueError:
            return None
        return {name: values[0] for name, values in fields.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent back."""

    status: int
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


class Application:
    """The WSGI application. Safe between threads."""

    def __init__(
        self,
        words: WordService,
        renderer: PageRenderer,
        *,
        public_url: str,
        listen: Iterable[str],
        proxies: Iterable[str],
        monotonic: Callable[[], float] = time.monotonic,
        limits: Limits | None = None,
    ) -> None:
        """Join the parts.

        Args:
            words: What looks and says.
            renderer: What makes pages.
            public_url: The pages' address as readers reach it: its host and what precedes each path.
            listen: ``host:port`` names under which the server itself may be asked, too.
            proxies: Addresses whose X-Forwarded-For is believed.
            monotonic: Seconds that only grow.
            limits: How much one address may ask for.
        """
        self._words = words
        self._renderer = renderer
        parts = urlsplit(public_url)
        default = {"http": ":80", "https": ":443"}[parts.scheme]
        self._hosts = {
            parts.netloc.lower(),
            parts.netloc.lower().removesuffix(default),
            *(name.lower() for name in listen),
        }
        self._prefix = parts.path.rstrip("/")
        self._proxies = frozenset(proxies)
        self._limits = limits or Limits(monotonic)

    def __call__(self, environ: Mapping[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = self._request(environ)
        try:
            answer = self._answer(request)
        except LinkRefusedError as error:
            answer = self._regret(error.refusal)
        except (StorageError, ConfigError) as error:
            log.error("page_failed", error=type(error).__name__)
            answer = self._regret("busy")
        except Exception as error:  # noqa: BLE001 - whatever it is: a plain page, and its class alone in the log
            log.error("page_failed", error=type(error).__name__)
            answer = self._regret("fault")
        log.debug("page", method=request.method, status=answer.status)
        body = answer.body.encode("utf-8", "replace")
        status = HTTPStatus(answer.status)
        start_response(f"{status.value} {status.phrase}", [*answer.headers, ("Content-Length", str(len(body)))])
        return [] if request.method == "HEAD" else [body]

    def _request(self, environ: Mapping[str, Any]) -> Request:
        # WSGI hands the path over as latin-1 (PEP 3333); a token is ASCII, and anything else is no token.
        path = str(environ.get("PATH_INFO", ""))
        if self._prefix and path.startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix)
        address = str(environ.get("REMOTE_ADDR", ""))
        if address in self._proxies:
            # The last one was written by our own proxy; those before it by whoever asked.
            address = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip() or address
        method = str(environ.get("REQUEST_METHOD", "GET"))
        return Request(
            method=method,
            path=path,
            host=str(environ.get("HTTP_HOST", "")).lower(),
            address=address[:64],
            headers={name: value for name, value in environ.items() if isinstance(value, str)},
            body=_body(environ) if method == "POST" else b"",
        )

    def _answer(self, request: Request) -> Answer:
        if request.host not in self._hosts:
            return self._regret("host")
        if not self._limits.allows(request.address):
            return self._regret("hurry", ("Retry-After", "60"))
        if request.method not in {"GET", "HEAD", "POST"}:
            return self._regret("method", ("Allow", "GET, HEAD, POST"))
        if request.token is not None:
            return self._act(request, request.token) if request.method == "POST" else self._show(request.token)
        if request.path == _HEALTH and request.method != "POST":
            return Answer(status=200, body="ok\n", headers=_PLAIN)
        return self._regret("missing")

    # ---- pages -------------------------------------------------------------------------------------------------

    def _show(self, token: str) -> Answer:
        return self._page(self._words.look(token))

    def _act(self, request: Request, token: str) -> Answer:
        look = self._words.look(token)
        form = request.form()
        if form is None or not look.ticket.is_proof(form.get("proof", "")):
            return self._regret("form")
        note = form.get("note", "")
        try:
            said = self._words.say(token, note=note, about=form.get("about"))
        except NoteMissingError:
            words = self._renderer.words(look.person.language)
            return self._page(look, Entered(note=note, error=words.say("Write to whom, then press again.")), status=400)
        except WordChangedError:
            words = self._renderer.words(look.person.language)
            changed = words.say("Something has changed since you opened this page. Look again before you press.")
            return self._page(self._words.look(token), Entered(note=note, notice=changed), status=409)
        if not said.is_new:
            return self._page(said.look, status=409, again=True)
        # See other: the page itself is the receipt, and loading it again says nothing again. The reference is relative,
        # so that it holds whatever stands before it on the way to the reader.
        return Answer(status=303, headers=(("Location", token), *self._renderer.headers))

    def _page(self, look: Look, entered: Entered | None = None, *, status: int = 200, again: bool = False) -> Answer:
        words = self._renderer.words(look.person.language)
        if isinstance(look, ItemLook):
            view = item_view(look, words, lambda to: self._further(look, to), entered or Entered(), again=again)
            body = self._renderer.item(view, words)
        else:
            body = self._renderer.window(window_view(look, words, again=again), words)
        return Answer(status=status, body=body, headers=self._renderer.headers)

    def _further(self, look: ItemLook, purpose: Purpose) -> str:
        return self._words.further(look.ticket, purpose, serial=token_bytes(_SERIAL_BYTES))

    def _regret(self, which: str, *more: tuple[str, str]) -> Answer:
        status, body = self._renderer.regret(which)
        return Answer(status=status, body=body, headers=(*self._renderer.headers, *more))


def _body(environ: Mapping[str, Any]) -> bytes:
    """Read a form, at most one byte more than the largest; the server has refused larger ones already."""
    stream: BufferedIOBase = environ["wsgi.input"]
    size = str(environ.get("CONTENT_LENGTH") or 0)
    return stream.read(min(int(size), LARGEST_FORM)) if size.isdigit() else b""
