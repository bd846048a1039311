"""One Graph call: who asks, with which token, from where; and the checks that every call goes through."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from watchdaemon.sandbox.faults import FaultKind, Faults
from watchdaemon.sandbox.graph import errors
from watchdaemon.sandbox.graph.errors import GraphError
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount

Params = Mapping[str, str]

_MOST_NODES = 2500  # more than this in one answer is "too much data" (a bound of ours; the Graph's is not published)


@dataclass(slots=True)
class Call:
    """The context of one call. `path` is what faults are matched against."""

    world: World
    faults: Faults
    now: datetime
    base_url: str  # up to and with the version: http://…/facebook/v25.0
    version: str
    path: str
    token_value: str
    token: Token
    nodes: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def is_page(self) -> bool:
        """Whether the Page itself asks."""
        return self.token.kind is TokenKind.PAGE

    def opens(self, account: WorldAccount) -> bool:
        """Whether the token has to do with that account."""
        return account.key in self.token.accounts

    def count_node(self) -> None:
        """Book one more node of the answer."""
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise errors.too_much_data()

    def need(self, *scopes: str, writing: bool = False) -> None:
        """Refuse a token that lacks a permission."""
        for scope in scopes:
            if scope not in self.token.scopes:
                raise errors.missing_permission(scope, writing=writing)

    def has_fault(self, kind: FaultKind, account: WorldAccount, edge: str = "") -> bool:
        """Tell whether a fault strikes this account here."""
        path = f"{self.path}/{edge}" if edge else self.path
        return self.faults.has(kind, now=self.now, platform=account.platform, account=account.key, path=path)


def token_trouble(world: World, faults: Faults, token: Token, now: datetime) -> GraphError | None:
    """Return why a known token is refused now, or None."""
    refusal = token.refusal(now)
    if refusal == "expired":
        return errors.expired_token(token.expires_at, now)
    if refusal == "revoked":
        return errors.revoked_token(token.revoked_subcode or 460)
    if not faults.all():
        return None
    for key in token.accounts:
        platform = world.account(key).platform
        if faults.has(FaultKind.EXPIRED_TOKEN, now=now, platform=platform, account=key):
            return errors.expired_token(None, now)
        if faults.has(FaultKind.REVOKED_TOKEN, now=now, platform=platform, account=key):
            return errors.revoked_token(460)
    return None


def throttle(call: Call, account: WorldAccount, edge: str) -> None:
    """Refuse when a spent budget strikes this account, in the form of the budget that is spent."""
    if not call.faults.all():
        return
    path = f"{call.path}/{edge}" if edge else call.path
    if call.has_fault(FaultKind.QUOTA, account, edge):
        raise GraphError(
            "(#4) Application request limit reached",
            code=4,
            status=403,
            headers={"X-App-Usage": '{"call_count":100,"total_time":25,"total_cputime":25}'},
        )
    fault = call.faults.find(
        FaultKind.RATE_LIMIT, now=call.now, platform=account.platform, account=account.key, path=path
    )
    if fault is None:
        return
    kind, code = _budget(call, account, edge)
    minutes = 60 if fault.to_at is None else math.ceil((fault.to_at - call.now).total_seconds() / 60)
    words = {
        32: "(#32) Page request limit reached",
        80002: "(#80002) There have been too many calls to this Instagram account. Wait a bit and try again.",
        80006: "(#80006) There have been too many messenger api calls from this page account.",
    }
    raise GraphError(
        words.get(code, f"(#{code}) There have been too many calls to this Page account. Wait a bit and try again."),
        code=code,
        headers={"X-Business-Use-Case-Usage": usage_header(account.native_id, kind, 100, minutes)},
    )


def _budget(call: Call, account: WorldAccount, edge: str) -> tuple[str, int]:
    if "conversations" in (edge, call.path.rpartition("/")[2]):
        return "messenger", 80006
    if account.platform == "instagram":
        return "instagram", 80002
    return "pages", 80001 if call.is_page else 32


def usage_header(native_id: str, kind: str, percent: int, minutes: int) -> str:
    """Write X-Business-Use-Case-Usage: percents of the limit, minutes until access comes back."""
    usage = {
        "type": kind,
        "call_count": percent,
        "total_cputime": percent // 4,
        "total_time": percent // 4,
        "estimated_time_to_regain_access": minutes,
    }
    return json.dumps({native_id: [usage]})


def graph_time(instant: datetime) -> str:
    """Write a time the Graph's way: seconds, ``+0000`` without a colon."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+0000")


def read_time(name: str, text: str) -> datetime:
    """Read a `since` or `until`: Unix seconds or an ISO time (UTC when it says no offset)."""
    try:
        if text.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise errors.bad_parameter(f"Param {name} must be a valid date/time") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def read_flag(name: str, text: str) -> bool:
    """Read a boolean parameter."""
    match text.lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise errors.bad_parameter(f"Param {name} must be a boolean")
