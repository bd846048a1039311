"""The Graph's front door: versions, tokens, single calls, several ids at once, and batches."""

import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import FaultKind, Faults, disturbed
from watchdaemon.sandbox.graph import errors, writes
from watchdaemon.sandbox.graph.call import Call, Params, token_trouble, usage_header
from watchdaemon.sandbox.graph.errors import GraphError
from watchdaemon.sandbox.graph.fields import Field, parse_fields
from watchdaemon.sandbox.graph.nodes import GENERIC_PARAMS, Answer, Node
from watchdaemon.sandbox.graph.resolve import resolve
from watchdaemon.sandbox.world import Token, TokenKind, World

# Versions with the day they end (the Graph's changelog page, read 2026-11-22); None: no end known.
_VERSIONS: Mapping[str, date | None] = {
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
_MOST_AT_ONCE = 50
_CALLS_PER_FOLLOWER = 480  # 4,800 a day for each engaged person; one follower in ten is engaged
_APP_CALLS_AN_HOUR = 200 * 10  # 200 for each of the app's users that day: ten people connected the accounts
_PROOF = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True)
class Reply:
    """What goes back. `account` is whose call it was, as far as it came out."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    account: str | None = None

    def to_response(self) -> Response:
        """Return it as HTTP."""
        return Response(
            json.dumps(self.body, separators=(",", ":")),
            status_code=self.status,
            headers={**self.headers, "content-type": "application/json; charset=UTF-8"},
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, from the wire or out of a batch. `path` is below the platform's prefix."""

    method: str
    path: str
    params: Params
    root_url: str  # http://host:port/facebook


class GraphApp:
    """Serves one platform's prefix; both platforms know all of the Graph."""

    def __init__(self, world: World, faults: Faults, platform: str) -> None:
        self._world = world
        self._faults = faults
        self._platform = platform
        self._calls: Counter[tuple[str, date]] = Counter()
        self._app_calls: tuple[datetime, int] = (datetime.min.replace(tzinfo=UTC), 0)  # the hour, and how many in it
        self._traces = 0

    async def __call__(self, request: Request, path: str) -> Response:
        """Answer one HTTP request."""
        root_url = f"{request.url.scheme}://{request.url.netloc}/{self._platform}"
        ask = Ask(request.method, path, await _params(request), root_url)
        if ask.method == "POST" and "batch" in ask.params:
            return (await self._batch(ask)).to_response()
        return await self._disturbed(ask, self._one(ask))

    async def _disturbed(self, ask: Ask, reply: Reply) -> Response:
        async def answer() -> Response:
            return reply.to_response()

        if reply.account is None:
            return reply.to_response()
        now, platform = self._world.now(), self._platform
        return await disturbed(self._faults, answer, now=now, platform=platform, account=reply.account, path=ask.path)

    # ---- one call ------------------------------------------------------------------------------------------------

    def _one(self, ask: Ask) -> Reply:
        reply = Reply({})
        try:
            version, segments = self._split(ask.path)
            reply.headers["facebook-api-version"] = version
            call = self._call(ask, version)
            reply.body = self._serve(call, ask, segments, reply)
            self._book(call, reply)
        except GraphError as error:
            self._traces += 1
            reply.status = error.status
            reply.body = error.body("A" + ids.letters(str(self._traces), 22))
            words = error.message.replace('"', "'").replace("\n", " ").encode("ascii", "replace").decode()
            reply.headers |= error.headers
            reply.headers["www-authenticate"] = f'OAuth "Facebook Platform" "invalid_request" "{words}"'
        return reply

    def _split(self, path: str) -> tuple[str, list[str]]:
        segments = [s for s in path.split("/") if s]
        if not segments or segments[0] not in _VERSIONS:
            raise errors.unknown_path(path)
        ends_on = _VERSIONS[segments[0]]
        if ends_on is not None and self._world.now().date() >= ends_on:
            raise errors.unknown_path(path)
        return segments[0], segments[1:]

    def _call(self, ask: Ask, version: str) -> Call:
        value = ask.params.get("access_token")
        if not value:
            raise errors.no_token()
        self._check_proof(ask.params.get("appsecret_proof"), value)
        token = self._world.find_token(value)
        now = self._world.now()
        if token is None:
            raise errors.unknown_token()
        if (trouble := token_trouble(self._world, self._faults, token, now)) is not None:
            raise trouble
        return Call(
            world=self._world,
            faults=self._faults,
            now=now,
            base_url=f"{ask.root_url}/{version}",
            version=version,
            path=ask.path,
            token_value=value,
            token=token,
        )

    def _check_proof(self, proof: str | None, token: str) -> None:
        if proof is None:
            return
        tokens = [t for account in self._world.accounts() for t in account.tokens if t.kind is TokenKind.APP]
        secrets = [t.value.partition("|")[2] for t in tokens if "|" in t.value]
        digests = [hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in secrets]
        # Where the world knows no app, any proof of the right form is believed.
        if proof not in digests and (digests or not _PROOF.fullmatch(proof)):
            raise errors.bad_parameter("Invalid appsecret_proof provided in the API argument")

    def _serve(self, call: Call, ask: Ask, segments: list[str], reply: Reply) -> object:
        answer: object
        match (ask.method, segments):
            case ("GET", ["debug_token"]):
                answer = debug_token(call, ask.params)
            case ("GET", []):
                answer = self._many(call, ask, None)
            case ("GET", [edge]) if "ids" in ask.params:
                answer = self._many(call, ask, edge)
            case ("GET" | "POST" | "DELETE" as method, [object_id]):
                answer = self._on_node(call, ask, self._resolve(call, object_id, reply, method))
            case ("GET", [object_id, edge]):
                node = self._resolve(call, object_id, reply, "GET")
                answer = node.edge(edge, ask.params, _fields(ask.params))
            case ("POST", [object_id, edge]):
                answer = writes.reply(call, self._resolve(call, object_id, reply, "POST"), edge, ask.params)
            case _:
                raise errors.unknown_path("/".join(segments))
        return answer

    def _on_node(self, call: Call, ask: Ask, node: Node) -> Answer:
        if ask.method == "POST":
            return writes.update(call, node, ask.params)
        if ask.method == "DELETE":
            return writes.delete(call, node)
        return node.render(_node_fields(ask.params, node))

    def _resolve(self, call: Call, object_id: str, reply: Reply, method: str) -> Node:
        # Known before anything can go wrong with it, so that the account's own faults strike failing calls too.
        account = self._world.find_account("facebook", object_id) or self._world.find_account("instagram", object_id)
        item = self._world.find(object_id)
        reply.account = account.key if account else item.account if item else None
        node = resolve(call, object_id, method.lower())
        reply.account = node.account.key
        return node

    def _many(self, call: Call, ask: Ask, edge: str | None) -> Answer:
        wanted = [i for i in ask.params.get("ids", "").split(",") if i]
        if not wanted:
            raise errors.GraphError("Unsupported get request. No object was asked for", code=100)
        if len(wanted) > _MOST_AT_ONCE:
            raise errors.bad_parameter(f"Too many ids: the maximum is {_MOST_AT_ONCE}")
        params = {k: v for k, v in ask.params.items() if k != "ids"}
        answer: Answer = {}
        for object_id in wanted:
            node = resolve(call, object_id)
            if edge is None:
                answer[object_id] = node.render(_node_fields(params, node))
            else:
                answer[object_id] = node.edge(edge, params, _fields(params))
        return answer

    def _book(self, call: Call, reply: Reply) -> None:
        """Count the call against the budget that it uses and say so once it is worth saying.

        A Page's token uses its account's budget, another one the app's (rate-limiting page, read 2026-11).
        """
        if not call.is_page:
            self._book_app(call.now, reply)
            return
        if reply.account is None:
            return
        account = self._world.account(reply.account)
        key = (account.key, call.now.date())
        self._calls[key] += 1
        percent = min(99, self._calls[key] * 100 // (_CALLS_PER_FOLLOWER * max(10, account.followers)))
        if percent:
            kind = "instagram" if account.platform == "instagram" else "pages"
            reply.headers["x-business-use-case-usage"] = usage_header(account.native_id, kind, percent, 0)

    def _book_app(self, now: datetime, reply: Reply) -> None:
        hour, count = self._app_calls
        is_same = timedelta(0) <= now - hour < timedelta(hours=1)
        self._app_calls = (hour, count + 1) if is_same else (now, 1)
        percent = min(99, self._app_calls[1] * 100 // _APP_CALLS_AN_HOUR)
        if percent:
            usage = {"call_count": percent, "total_time": percent // 4, "total_cputime": percent // 4}
            reply.headers["x-app-usage"] = json.dumps(usage)

    # ---- batch ---------------------------------------------------------------------------------------------------

    async def _batch(self, ask: Ask) -> Reply:
        try:
            version, segments = self._split(ask.path)
            if segments:
                raise errors.unknown_path("/".join(segments))
            if not ask.params.get("access_token"):
                raise errors.no_token()
            parts = _batch_parts(ask.params["batch"])
        except GraphError as error:
            return Reply(error.body("A0"), status=error.status)
        with_headers = ask.params.get("include_headers", "true") not in ("false", "0")
        return Reply([await self._part(ask, version, part, with_headers) for part in parts])

    async def _part(self, ask: Ask, version: str, part: Mapping[str, object], with_headers: bool) -> object:
        address = urlsplit(str(part["relative_url"]))
        path = address.path.strip("/")
        params = {"access_token": ask.params["access_token"], **dict(parse_qsl(address.query, keep_blank_values=True))}
        params |= dict(parse_qsl(str(part.get("body", "")), keep_blank_values=True))
        if not re.match(r"v\d+\.\d+(/|$)", path):
            path = f"{version}/{path}"
        one = replace(ask, method=str(part["method"]).upper(), path=path, params=params)
        reply = self._one(one)
        if self._is_unfinished(reply, path):
            return None
        response = await self._disturbed(one, reply)
        if response.status_code >= 500 and "json" not in (response.media_type or response.headers["content-type"]):
            return None  # what the platform could not finish in time comes back as null
        answer: Answer = {"code": response.status_code}
        if with_headers:
            answer["headers"] = [{"name": name.title(), "value": value} for name, value in response.headers.items()]
        answer["body"] = bytes(response.body).decode()
        return answer

    def _is_unfinished(self, reply: Reply, path: str) -> bool:
        if reply.account is None:
            return False
        now, platform = self._world.now(), self._platform
        return self._faults.has(FaultKind.NULL_ENTRY, now=now, platform=platform, account=reply.account, path=path)


def create_app(world: World, faults: Faults, platform: str) -> GraphApp:
    """Make the Graph for one platform's prefix ("facebook" or "instagram")."""
    return GraphApp(world, faults, platform)


def debug_token(call: Call, params: Params) -> Answer:
    """Say what a token is. An app token may ask about all, a person about all, any token about itself."""
    for name in params:
        if name not in GENERIC_PARAMS and name != "input_token":
            raise errors.bad_parameter(f"Unknown parameter: {name}")
    value = params.get("input_token")
    if not value:
        raise errors.bad_parameter("The parameter input_token is required")
    if call.token.kind is TokenKind.PAGE and value != call.token_value:
        raise errors.bad_parameter(
            "You must provide an app access token, or a user access token that is an owner or developer of the app"
        )
    token = call.world.find_token(value)
    if token is None:
        trouble: Answer = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": trouble, "is_valid": False, "scopes": []}}
    return {"data": _token_facts(call, token)}


def _token_facts(call: Call, token: Token) -> Answer:
    scopes = sorted(token.scopes)
    # a renewed Page token has no end of its own
    is_mended = token.mended_at is not None and call.now >= token.mended_at
    facts: Answer = {
        "app_id": "912475055002",
        "type": token.kind.value.upper(),
        "application": "watchdaemon",
        "data_access_expires_at": _unix(token.data_access_expires_at),
        "expires_at": _unix(None if is_mended else token.expires_at),
        "is_valid": True,
        "issued_at": _unix(token.issued_at),
        "scopes": scopes,
        "granular_scopes": [{"scope": scope} for scope in scopes],
        "user_id": token.user_id,
    }
    page = next((call.world.account(k) for k in sorted(token.accounts) if _is_page(call.world, k)), None)
    if token.kind is TokenKind.PAGE and page is not None:
        facts["profile_id"] = page.native_id
    if (trouble := token_trouble(call.world, call.faults, token, call.now)) is not None:
        facts["is_valid"] = False
        facts["error"] = {"code": trouble.code, "message": trouble.message, "subcode": trouble.subcode}
    return facts


def _is_page(world: World, key: str) -> bool:
    return world.account(key).platform == "facebook"


def _unix(instant: datetime | None) -> int:
    return int(instant.timestamp()) if instant is not None else 0


def _fields(params: Params) -> tuple[Field, ...]:
    text = params.get("fields", "")
    return parse_fields(text) if text else ()


def _node_fields(params: Params, node: Node) -> tuple[Field, ...]:
    for name in params:
        if name not in GENERIC_PARAMS:
            raise errors.bad_parameter(f"Unknown parameter for {node.TYPE}: {name}")
    return _fields(params)


def _batch_parts(text: str) -> list[Mapping[str, object]]:
    try:
        parts = json.loads(text)
    except ValueError:
        raise errors.bad_parameter("batch parameter must be a JSON array") from None
    if not isinstance(parts, list) or not parts:
        raise errors.bad_parameter("batch parameter must be a JSON array")
    if len(parts) > _MOST_AT_ONCE:
        raise errors.GraphError(
            f"Too many requests in batch message. Maximum batch size is {_MOST_AT_ONCE}", code=1, status=400
        )
    for part in parts:
        if not isinstance(part, dict) or not {"method", "relative_url"} <= set(part):
            raise errors.bad_parameter("Each item of batch needs method and relative_url")
        if set(part) - {"method", "relative_url", "body", "name", "omit_response_on_success", "headers"}:
            raise errors.bad_parameter("Unknown key in an item of batch")
    return parts


async def _params(request: Request) -> dict[str, str]:
    params = dict(parse_qsl(request.url.query, keep_blank_values=True))
    if request.method in ("POST", "PUT", "DELETE"):
        body = (await request.body()).decode("utf-8", "replace")
        if "json" in request.headers.get("content-type", ""):
            params |= _json_params(body)
        else:
            params |= dict(parse_qsl(body, keep_blank_values=True))
    bearer = request.headers.get("authorization", "")
    if bearer[:7].lower() == "bearer " and "access_token" not in params:
        params["access_token"] = bearer[7:].strip()
    return params


def _json_params(body: str) -> dict[str, str]:
    try:
        values = json.loads(body or "{}")
    except ValueError:
        return {}
    if not isinstance(values, dict):
        return {}
    return {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}
