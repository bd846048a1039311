"""One token's way to the Graph: ask for a path or a batch of them, get JSON or an error of ours."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

import httpx

from watchdaemon.domain.account import Account
from watchdaemon.errors import AccountError, ConfigError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import CredentialSource
from watchdaemon_adapters._graph.errors import graph_error, not_json_error, outage_key, should_retry
from watchdaemon_adapters._graph.values import Row


class GraphClient(Protocol):
    """Reads the Graph with one account's token, from within a round (see `rounds`)."""

    async def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path` (below the version). Raises AdapterError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a credential holds; none of it is ever shown."""

    token: str = field(repr=False)
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)

    @property
    def app_token(self) -> str | None:
        """The app's own token, for `debug_token`; None without the app's id and secret."""
        return f"{self.app_id}|{self.app_secret}" if self.app_id and self.app_secret else None

    def parameters(self) -> dict[str, str]:
        """Return what proves who asks; with an app secret also the proof that the token is used by its own app."""
        found = {"access_token": self.token}
        if self.app_secret:
            found["appsecret_proof"] = hmac.new(
                self.app_secret.encode(), self.token.encode(), hashlib.sha256
            ).hexdigest()
        return found


def read_secrets(credentials: CredentialSource, account: Account) -> Secrets:
    """Read the account's credential: field ``token``, and ``app_id`` with ``app_secret`` where there are.

    Raises:
        AccountError: There is none, or it has no token.
    """
    if account.credential is None:
        raise _no_credential(account, "the account names no credential")
    try:
        fields = {
            name: value.get_secret_value().strip() for name, value in credentials.read(account.credential).items()
        }
    except ConfigError as error:
        raise _no_credential(account, str(error)) from None
    if not fields.get("token"):
        raise _no_credential(account, f"credential {account.credential} has no field named token")
    return Secrets(
        token=fields["token"], app_id=fields.get("app_id") or None, app_secret=fields.get("app_secret") or None
    )


def _no_credential(account: Account, message: str) -> AccountError:
    return AccountError(message, platform=account.platform, account=account.key, reason=Reason.NO_CREDENTIAL)


class RoadGraph:
    """The Graph by the road itself, without an SDK."""

    def __init__(
        self,
        road: Road,
        *,
        base_url: str,
        api_version: str,
        secrets: Secrets,
        platform: str,
        account: str | None,
        timeout: float | None = None,
    ) -> None:
        self._road = road
        self._root = f"{base_url.rstrip('/')}/{api_version}"
        self._secrets = secrets
        self._platform = platform
        self._account = account
        self._timeout = timeout

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        """Return the object at `path`. Raises AdapterError."""
        address = f"{self._root}/{quote(path, safe='/')}"
        answer = self._request("GET", address, params={**self._secrets.parameters(), **params})
        return read_answer(
            answer.content,
            status=answer.status_code,
            headers=answer.headers,
            platform=self._platform,
            account=self._account,
        )

    def batch(self, parts: str) -> object:
        """Send a batch of reading questions and return its answer's JSON. Raises AdapterError."""
        # in the body, not in the address: it holds every account's token
        answer = self._request("POST", f"{self._root}/", data={**self._secrets.parameters(), "batch": parts})
        return read_list(
            answer.content,
            status=answer.status_code,
            headers=answer.headers,
            platform=self._platform,
            account=self._account,
        )

    def _request(
        self, method: str, address: str, *, params: Mapping[str, str] | None = None, data: dict[str, str] | None = None
    ) -> httpx.Response:
        try:
            return self._road.request(
                method,
                address,
                platform=self._platform,
                account=self._account,
                params=params,
                data=data,
                idempotent=True,  # a batch of ours only reads
                timeout=self._timeout,
                should_retry=should_retry,
            )
        except RetriableError as error:
            raise as_outage(error) from None


def as_outage(error: RetriableError) -> RetriableError:
    """Mark the road's "no answer" as the platform's outage, one cause for all its accounts."""
    if error.reason is Reason.OUTAGE and error.cause_key is None:
        error.cause_key = outage_key(error.platform)
    return error


def read_answer(content: bytes, *, status: int, headers: Mapping[str, str], platform: str, account: str | None) -> Row:
    """Return an answer's object. Raises AdapterError for an error object, and for what is not the Graph's JSON."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise not_json_error(status=status, platform=platform, account=account) from None
    if not isinstance(body, dict):
        raise not_json_error(status=status, platform=platform, account=account)
    if body.get("error") or status >= 400:
        raise graph_error(body, status=status, headers=headers, platform=platform, account=account)
    return body


def read_list(content: bytes, *, status: int, headers: Mapping[str, str], platform: str, account: str | None) -> object:
    """Return a batch's answer. Raises AdapterError for an error object, and for what is not the Graph's JSON."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        body = None
    if isinstance(body, list) and status < 400:
        return body
    return read_answer(content, status=status, headers=headers, platform=platform, account=account)
