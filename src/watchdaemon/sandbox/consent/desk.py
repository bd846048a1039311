"""What all consents have in common: apps with a secret, a page that asks an owner, and codes that are good for once."""

import base64
import hashlib
import hmac
import html
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import World, WorldAccount

APP_ID, APP_SECRET = "912475055002", "sandbox-app-secret"
"""The app that every platform knows from the start; the Graph's own, too (see `scenario`)."""

AS, DENY = "as", "deny"
"""Parameters that stand for an owner's click: which account consents, or that nobody does."""

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_STATE = 500


class Wrong(Exception):  # noqa: N818 - a word of OAuth's, not an error of ours
    """A code or an app that is not taken: `name` is OAuth's word for it (RFC 6749, 5.2)."""

    def __init__(self, name: str, words: str) -> None:
        super().__init__(words)
        self.name = name
        self.words = words


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one platform's authorize page reads what it is asked."""

    scopes: frozenset[str]
    separator: str = " "
    needs_pkce: bool = False
    code_life: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A consent that a code stands for."""

    account: WorldAccount
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    challenge: str
    made_at: datetime
    asked: Mapping[str, str] = field(default_factory=dict)  # the whole question


class Desk:
    """The apps and codes of one platform. Safe between threads."""

    def __init__(self, world: World, platform: str, dialect: Dialect, *, accounts_of: str | None = None) -> None:
        """Make a desk. `accounts_of` names the platform whose accounts consent, when it is another."""
        self.world = world
        self.platform = platform
        self.dialect = dialect
        self.apps: dict[str, str] = {APP_ID: APP_SECRET}
        self._owners = accounts_of or platform
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()
        self._count = 0

    # ---- the page --------------------------------------------------------------------------------------------------

    def ask(self, query: Mapping[str, str], address: str) -> Response:
        """Show who may consent; with an owner's click in the query, send the browser back."""
        back = query.get("redirect_uri", "")
        # Nobody is sent to an address that came with an unknown app or is none: that is shown here.
        if query.get("client_id", "") not in self.apps:
            return _page("Invalid client: there is no app with this client_id.", 400)
        if not _is_redirect(back):
            return _page("Invalid redirect_uri.", 400)
        fault = self._fault(query)
        if fault is not None:
            return _sent(back, {"error": fault[0], "error_description": fault[1]}, query)
        if DENY in query:
            return _sent(back, {"error": "access_denied", "error_description": "The owner said no."}, query)
        account = self._owner(query.get(AS, ""))
        if account is None:
            return self._choice(query, address)
        return _sent(back, {"code": self._granted(query, account)}, query)

    def _fault(self, query: Mapping[str, str]) -> tuple[str, str] | None:
        unknown = sorted(self._scopes(query) - self.dialect.scopes)
        if query.get("response_type") != "code":
            return "unsupported_response_type", "response_type must be code"
        if unknown or not self._scopes(query):
            return "invalid_scope", f"unknown scopes: {' '.join(unknown)}"
        if not 0 < len(query.get("state", "")) <= _LONGEST_STATE:
            return "invalid_request", "state is missing"
        if (self.dialect.needs_pkce or "code_challenge" in query) and not _is_challenge(query):
            return "invalid_request", "code_challenge with code_challenge_method=S256 is wanted"
        return None

    def _choice(self, query: Mapping[str, str], address: str) -> Response:
        def link(more: Mapping[str, str], words: str) -> str:
            target = html.escape(f"{address}?{urlencode({**query, **more})}")
            return f'<li><a href="{target}">{html.escape(words)}</a></li>'

        owners = [link({AS: a.key}, f"Allow as {a.name} ({a.key})") for a in self.world.accounts(self._owners)]
        asked = html.escape(" ".join(sorted(self._scopes(query))))
        choices = "".join([*owners, link({DENY: "1"}, "Deny")])
        return _page(f"watchdaemon asks for: {asked}</p><ul>{choices}</ul><p>", 200, is_html=True)

    def _owner(self, key: str) -> WorldAccount | None:
        return next((a for a in self.world.accounts(self._owners) if a.key == key), None)

    def _scopes(self, query: Mapping[str, str]) -> frozenset[str]:
        return frozenset(s for s in query.get("scope", "").split(self.dialect.separator) if s)

    def _granted(self, query: Mapping[str, str], account: WorldAccount) -> str:
        grant = Grant(
            account=account,
            client_id=query["client_id"],
            redirect_uri=query["redirect_uri"],
            scopes=self._scopes(query),
            challenge=query.get("code_challenge", ""),
            made_at=self.world.now(),
            asked=dict(query),
        )
        with self._lock:
            self._count += 1
            code = f"code-{self._count}-" + ids.letters(f"{self.platform}:{self._count}:{grant.made_at}", 40)
            self._grants[code] = grant
        return code

    # ---- the exchange ------------------------------------------------------------------------------------------------

    def prove(self, client_id: str, secret: str) -> None:
        """See that an app is the one it says. Raises Wrong."""
        known = self.apps.get(client_id)
        if known is None or not hmac.compare_digest(known.encode(), secret.encode()):
            raise Wrong("invalid_client", "Unknown app, or not its secret.")

    def redeem(self, form: Mapping[str, str], client_id: str) -> Grant:
        """Take a code, once: its app, its redirect URI and its verifier must be those it was asked for with.

        Raises:
            Wrong: It is not taken; it is used up all the same.
        """
        with self._lock:
            grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or self.world.now() >= grant.made_at + self.dialect.code_life:
            raise Wrong("invalid_grant", "The code was used before, has ended, or never was.")
        if grant.client_id != client_id:
            raise Wrong("invalid_grant", "The code is another app's.")
        if grant.redirect_uri != form.get("redirect_uri", ""):
            raise Wrong("invalid_grant", "The redirect_uri is not the one that was asked with.")
        if grant.challenge and grant.challenge != _challenge_of(form.get("code_verifier", "")):
            raise Wrong("invalid_grant", "The code_verifier does not belong to the challenge.")
        return grant


def _is_redirect(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _is_challenge(query: Mapping[str, str]) -> bool:
    return query.get("code_challenge_method") == "S256" and len(query.get("code_challenge", "")) == 43


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _sent(back: str, answer: Mapping[str, str], query: Mapping[str, str]) -> Response:
    state = {"state": query["state"]} if query.get("state") else {}
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{urlencode({**answer, **state})}", 302)


def _page(words: str, status: int, *, is_html: bool = False) -> Response:
    body = words if is_html else html.escape(words)
    return HTMLResponse(f"<!doctype html><meta charset=utf-8><title>Consent</title><p>{body}</p>", status)
