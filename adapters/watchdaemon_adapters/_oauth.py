"""The authorization code flow (RFC 6749, 4.1) with PKCE (RFC 7636), as far as platforms have it in common."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import httpx
from pydantic import SecretStr

from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import Consent

Fields = Mapping[str, SecretStr]

VERIFIER = "code_verifier"

CODE_NOT_TAKEN = (
    "the code is not taken: it was used before, is too old, or was asked for with another redirect URI; begin again, "
    "and consent without waiting"
)
APP_NOT_TAKEN = "the app is not accepted: compare its id and secret with those in the platform's developer portal"
_MEANS: Mapping[str, str] = {
    "invalid_client": APP_NOT_TAKEN,
    "unauthorized_client": APP_NOT_TAKEN,
    "101": APP_NOT_TAKEN,  # Meta: error validating application or its secret
    "redirect_uri_mismatch": "the redirect URI is not registered with the app: register it, or give another one "
    "(--redirect-uri)",
    "invalid_scope": "the app may not ask for these scopes: add them to the app in the platform's developer portal",
    "190": "the token is not good (any more)",  # Meta: access token
}
_OF_CODES = frozenset({"invalid_grant", "100"})  # the second is Meta's "invalid parameter"


def ask_for_consent(
    authorize_url: str, parameters: Mapping[str, str], *, with_pkce: bool, kept: Fields | None = None
) -> Consent:
    """Return a consent page's address with a fresh state and, where the platform knows PKCE, a fresh challenge."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    query = {"response_type": "code", **parameters, "state": state}
    remembered = dict(kept or {})
    if with_pkce:
        digest = hashlib.sha256(verifier.encode()).digest()
        query |= {
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        remembered[VERIFIER] = SecretStr(verifier)
    return Consent(url=f"{authorize_url}?{urlencode(query)}", state=state, kept=remembered)


class Exchange:
    """Asks one platform's end-points for tokens. Nothing is sent twice: a code is good for one use."""

    def __init__(self, road: Road, *, platform: str, account: str, timeout: float) -> None:
        self._road = road
        self._platform = platform
        self._account = account
        self._timeout = timeout

    def post(self, url: str, form: Mapping[str, str]) -> dict[str, object]:
        """Post a form and return the answer's object. Raises AccountError when it is refused, RetriableError."""
        return self._read(self._send("POST", url, data=form), has_code="code" in form)

    def get(self, url: str, query: Mapping[str, str]) -> dict[str, object]:
        """Get an object. The query may hold a secret: the road keeps queries out of every log."""
        return self._read(self._send("GET", url, params=query), has_code="code" in query)

    def text(self, answer: Mapping[str, object], name: str) -> SecretStr:
        """Return a field that must be there. Raises RetriableError when it is not."""
        value = answer.get(name)
        if not isinstance(value, str) or not value:
            raise self._broken(f"{self._platform} gave no {name}")
        return SecretStr(value)

    def refuse(self, message: str, reason: Reason = Reason.UNAUTHORISED) -> AccountError:
        """Return an error that a person must mend."""
        return AccountError(message, platform=self._platform, account=self._account, reason=reason)

    def _send(self, method: str, url: str, **more: Mapping[str, str]) -> httpx.Response:
        return self._road.request(
            method,
            url,
            platform=self._platform,
            account=self._account,
            idempotent=False,
            timeout=self._timeout,
            data=more.get("data"),
            params=more.get("params"),
        )

    def _read(self, answer: httpx.Response, *, has_code: bool) -> dict[str, object]:
        try:
            body: object = json.loads(answer.content)
        except (ValueError, RecursionError):
            body = None
        if answer.status_code == 429 or answer.status_code >= 500 or not isinstance(body, dict):
            raise self._broken(f"{self._platform} answered {answer.status_code} to a question for a token")
        if answer.status_code >= 400 or body.get("error"):
            said = _said(body)
            means = CODE_NOT_TAKEN if has_code and said in _OF_CODES else _MEANS.get(said)
            raise self.refuse(f"{self._platform} refuses: {f'{means} ({said})' if means else said}")
        return body

    def _broken(self, message: str) -> AdapterError:
        return RetriableError(message, platform=self._platform, account=self._account, reason=Reason.MALFORMED)


def _said(body: Mapping[str, object]) -> str:
    """Name the error by its code alone: descriptions may quote what was sent."""
    error = body.get("error")
    if isinstance(error, dict):
        error = error.get("code")
    return str(error)[:60] if isinstance(error, str | int) else "without a reason"


def is_at_home(base_url: str, *hosts: str) -> bool:
    """Tell whether an address is the platform's own, and not a sandbox's."""
    host = urlsplit(base_url).hostname or ""
    return any(host == own or host.endswith(f".{own}") for own in hosts)


def needed(given: Fields, name: str, exchange: Exchange) -> SecretStr:
    """Return something that was given. Raises AccountError when it was not."""
    if name not in given or not given[name].get_secret_value():
        raise exchange.refuse(f"{name} is needed", Reason.NO_CREDENTIAL)
    return given[name]
