"""A strict Graph on loopback, written from what is published about it and from nothing of this program's."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from tests.judge.meta.fields import GrammarError, Wish, parse
from tests.judge.meta.tables import PEOPLE, TABLES, Edge

VERSION = "v25.0"
_GENERIC = frozenset({"access_token", "appsecret_proof", "fields", "limit", "after", "before", "summary"})
_CHOICES = {
    "filter": {"stream", "toplevel"},
    "order": {"chronological", "reverse_chronological"},
    "platform": {"messenger", "instagram"},
    "summary": {"true", "1"},
    "reverse": {"true", "false"},
}


@dataclass(eq=False)
class Node:
    """One object. `is_shown` off: it takes its place in lists and is counted, but nobody sees it."""

    id: str
    kind: str
    data: dict[str, Any]
    edges: dict[str, list["Node"]] = field(default_factory=dict)
    is_deleted: bool = False
    is_shown: bool = True


class GraphFault(Exception):  # noqa: N818 - it is an answer
    """An answer with an error object."""

    def __init__(self, code: int, message: str, *, subcode: int | None = None, status: int = 400, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = more.pop("headers", {})
        self.body = {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A", **more}}
        if subcode is not None:
            self.body["error"]["error_subcode"] = subcode


@dataclass(frozen=True)
class Asked:
    """One question, alone or out of a batch."""

    token: str
    path: str
    params: Mapping[str, str]

    @property
    def edge(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def fields(self) -> str:
        return self.params.get("fields", "")


Answer = GraphFault | str | tuple[int, Any]


@dataclass
class Trap:
    """What happens to the questions that fit, so many times.

    `answer` gives a status, a body and headers; the words null, html, cut, slow and foreign name damage to the answer.
    """

    fits: Callable[[Asked], bool]
    answer: Answer
    times: int | None = None


@dataclass
class Graph:
    """All nodes, tokens and traps; what was asked, and what was asked wrongly."""

    nodes: dict[str, Node] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # whose a token is: a page's id, or "user:…", "app:…"
    expired: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    traps: list[Trap] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    requests: int = 0
    most_nested: int = 100  # rows of a list inside another
    most: int = 100
    most_of: dict[str, int] = field(default_factory=dict)  # rows a page, by edge
    order_of: dict[str, Callable[[list[Node]], list[Node]]] = field(default_factory=dict)
    has_cursors: bool = True
    usage: dict[str, str] = field(default_factory=dict)  # headers of every answer
    version: str = VERSION
    left_out: set[str] = field(default_factory=set)  # lists that never come inside another answer
    ends_early: set[str] = field(default_factory=set)  # lists that, inside another, do not say that there is more
    cursors_left: int | None = None  # so often cursors are good; the next one has run out, and then they are again
    shapes: dict[str, Callable[[dict[str, Any], Node], dict[str, Any]]] = field(default_factory=dict)  # by kind
    has_next: bool = True  # whether a page says that there is another, or has cursors alone
    base: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)

    # ---- writing -------------------------------------------------------------------------------------------------

    def put(self, node: Node) -> Node:
        self.nodes[node.id] = node
        return node

    def find(self, node_id: str) -> Node | None:
        """Find a node by either spelling of its id."""
        found = self.nodes.get(node_id)
        if found is None and node_id.replace("_", "").isdigit():
            tail = node_id.rpartition("_")[2]
            found = next((n for n in self.nodes.values() if n.id.rpartition("_")[2] == tail), None)
        return None if found is None or found.is_deleted or not found.is_shown else found

    def trap(self, answer: Answer, *, times: int | None = None, **wanted: str) -> Trap:
        """Set a trap for questions whose path, edge, fields or token hold a text."""

        def fits(asked: Asked) -> bool:
            return all(part in getattr(asked, name) for name, part in wanted.items())

        trap = Trap(fits, answer, times)
        self.traps.append(trap)
        return trap

    # ---- answering -----------------------------------------------------------------------------------------------

    def answer(self, asked: Asked) -> "tuple[int, Any, dict[str, str]] | str":
        """Answer one question; a word names what breaks on its way."""
        with self.lock:
            self.asked.append(asked)
            trap = next((t for t in self.traps if t.times != 0 and t.fits(asked)), None)
            if trap is not None:
                trap.times = None if trap.times is None else trap.times - 1
                if isinstance(trap.answer, str):
                    return trap.answer
                if isinstance(trap.answer, GraphFault):
                    return trap.answer.status, trap.answer.body, {**self.usage, **trap.answer.headers}
                return (*trap.answer, dict(self.usage))
            try:
                return 200, self._read(asked), dict(self.usage)
            except GraphFault as fault:
                return fault.status, fault.body, {**self.usage, **fault.headers}

    def _read(self, asked: Asked) -> dict[str, Any]:
        owner = self._owner(asked.token)
        parts = asked.path.strip("/").split("/")
        if parts[0] == "me":
            parts[0] = owner.rpartition(":")[2]
            if owner.startswith("app:"):
                raise GraphFault(
                    2500, "An active access token must be used to query information about the current user."
                )
            if owner.startswith("user:") and len(parts) == 1:
                return {"id": parts[0]}
        node = self.find(parts[0])
        if node is None:
            raise gone(parts[0])
        if len(parts) == 1:
            self._check_parameters(asked, set())
            return self._object(node, self._parsed(asked), asked.token)
        if len(parts) != 2:
            raise self._refuse(f"path {asked.path}")
        edge = TABLES[node.kind].edges.get(parts[1])
        if edge is None:
            raise self._refuse(f"edge {parts[1]} of {node.kind}")
        self._check_parameters(asked, set(edge.parameters))
        return self._list(node, parts[1], edge, dict(asked.params), self._parsed(asked), asked.token)

    def _owner(self, token: str) -> str:
        if token in self.expired:
            code, subcode = self.expired[token]
            raise GraphFault(code, "Error validating access token: Session has expired", subcode=subcode)
        if token not in self.tokens:
            raise GraphFault(190, "Invalid OAuth access token - Cannot parse access token")
        return self.tokens[token]

    def _parsed(self, asked: Asked) -> tuple[Wish, ...] | None:
        if "fields" not in asked.params:
            return None
        try:
            return parse(asked.params["fields"])
        except GrammarError as error:
            raise self._refuse(f"fields: {error}") from None

    def _check_parameters(self, asked: Asked, known: set[str]) -> None:
        for name, value in asked.params.items():
            if name not in _GENERIC | known:
                raise self._refuse(f"parameter {name} of {asked.path}")
            if name in _CHOICES and value not in _CHOICES[name]:
                raise self._refuse(f"{name}={value} of {asked.path}")
        limit = asked.params.get("limit", "1")
        if not limit.isdigit() or not 0 <= int(limit) <= 100:
            raise self._refuse(f"limit {limit} of {asked.path}")

    def _refuse(self, what: str) -> GraphFault:
        self.wrong.append(what)
        return GraphFault(100, f"(#100) Tried accessing nonexisting field ({what})")

    # ---- objects and lists ---------------------------------------------------------------------------------------

    def _object(self, node: Node, wishes: Sequence[Wish] | None, token: str) -> dict[str, Any]:
        table = TABLES[node.kind]
        shown: dict[str, Any] = {"id": node.id} if "id" in table.fields else {}
        if wishes is None:
            if node.kind == "attachment":
                return dict(node.data)
            return shown | {k: v for k, v in node.data.items() if k in ("created_time", "message", "name")}
        for wish in wishes:
            if wish.name in table.edges:
                answer = self._nested(node, wish, table.edges[wish.name], token)
                if answer is not None:
                    shown[wish.name] = answer
            elif wish.name not in table.fields:
                raise self._refuse(f"field {wish.name} of {node.kind}")
            elif (value := node.data.get(wish.name)) is not None:
                shown[wish.name] = self._part(wish, value)
        return self.shapes[node.kind](shown, node) if node.kind in self.shapes else shown

    def _part(self, wish: Wish, value: Any) -> Any:
        if wish.modifiers:
            raise self._refuse(f"modifiers of field {wish.name}")
        if wish.below is None:
            return value
        names = {w.name for w in wish.below}
        if not names <= PEOPLE | TABLES["comment"].fields:
            raise self._refuse(f"fields of {wish.name}")
        return {k: v for k, v in value.items() if k in names} if isinstance(value, dict) else value

    def _nested(self, node: Node, wish: Wish, edge: Edge, token: str) -> dict[str, Any] | None:
        unknown = set(wish.modifiers) - edge.parameters - {"limit", "summary"}
        if unknown:
            raise self._refuse(f"modifiers {sorted(unknown)} of {wish.name}")
        for name, value in wish.modifiers.items():
            if name in _CHOICES and value not in _CHOICES[name]:
                raise self._refuse(f"{wish.name}.{name}({value})")
        params = {**wish.modifiers, "fields": _written(wish.below)} if wish.below else dict(wish.modifiers)
        if wish.name in self.left_out:
            return None
        answer = self._list(node, wish.name, edge, params, wish.below, token, most=self.most_nested)
        if wish.name in self.ends_early:
            answer.get("paging", {}).pop("next", None)
        # a list with nothing in it is left out, unless its number was asked for
        return answer if answer["data"] or "summary" in answer or "next" in answer.get("paging", {}) else None

    def _list(
        self,
        node: Node,
        name: str,
        edge: Edge,
        params: dict[str, str],
        wishes: Sequence[Wish] | None,
        token: str,
        *,
        most: int | None = None,
    ) -> dict[str, Any]:
        members = self._members(node, name, params, token)
        keys = ("filter", "order", "platform", "reverse")
        sign = ",".join(f"{k}={params[k]}" for k in keys if k in params)
        start = self._start(params.get("after"), node, name, sign, members)
        caps = [edge.most, self.most if most is None else most, self.most_of.get(name, 100)]
        size = max(1, min(int(params.get("limit") or 25), *caps))
        if params.get("limit") == "0":
            size = 0
        chosen = members[start : start + size]
        rows = [self._object(n, wishes, token) for n in chosen if n.is_shown and not n.is_deleted]
        answer: dict[str, Any] = {"data": rows}
        if chosen:
            after = _cursor(node, name, sign, chosen[-1])
            paging: dict[str, Any] = {"cursors": {"before": "QVFI", "after": after}} if self.has_cursors else {}
            if start + size < len(members) and self.has_next:
                query = urlencode({**params, "access_token": token, "after": after})
                paging["next"] = f"{self.base}/{self.version}/{quote(node.id)}/{name}?{query}"
            answer["paging"] = paging
        if "summary" in params and name == "comments":
            count = sum(not n.is_deleted for n in members)  # those nobody sees are counted, too
            answer["summary"] = {"order": params.get("order", "ranked"), "total_count": count, "can_comment": True}
        return answer

    def _members(self, node: Node, name: str, params: Mapping[str, str], token: str) -> list[Node]:
        members = list(node.edges.get(name, []))
        if name == "comments" and node.kind != "media":
            members = self._commented(node, members, params, token)
        elif name == "conversations":
            if not self._is_pages(token):
                raise GraphFault(190, "This method must be called with a Page Access Token")
            members = [m for m in members if m.data["platform"] == params.get("platform", "messenger")]
            members.sort(key=_moment, reverse=True)
        elif name != "attachments":
            members.sort(key=_moment, reverse=params.get("reverse", "true") == "true")
        if name == "messages" and node.data["platform"] == "instagram":
            members = members[:20]  # older ones are not shown any more
        reorder = self.order_of.get(name)
        return reorder(members) if reorder else members

    def _commented(self, node: Node, members: list[Node], params: Mapping[str, str], token: str) -> list[Node]:
        if not self._is_pages(token):
            return []  # 200 with nothing, as to a person
        if params.get("filter") != "stream" and node.kind != "comment":
            members = [m for m in members if "parent" not in m.data]
        members.sort(key=lambda m: (_moment(m), m.id), reverse=params.get("order") == "reverse_chronological")
        return members

    def _is_pages(self, token: str) -> bool:
        return not self.tokens.get(token, "user:").startswith(("user:", "app:"))

    def _start(self, after: str | None, node: Node, name: str, sign: str, members: list[Node]) -> int:
        if after is None:
            return 0
        if self.cursors_left is not None:
            self.cursors_left -= 1
            if self.cursors_left < 0:
                self.cursors_left = None
                raise GraphFault(100, "(#100) The cursor is invalid or has expired")
        place = next((i for i, m in enumerate(members) if _cursor(node, name, sign, m) == after), None)
        if place is None:
            raise self._refuse(f"cursor of another list for {name}")
        return place + 1


def _moment(node: Node) -> str:
    keys = ("created_time", "creation_time", "timestamp", "updated_time")
    return next(str(node.data[key]) for key in keys if key in node.data)


def _cursor(node: Node, name: str, sign: str, last: Node) -> str:
    return f"{node.id}|{name}|{sign}|{last.id}".encode().hex()


def _written(wishes: Sequence[Wish]) -> str:
    parts = []
    for wish in wishes:
        modifiers = "".join(f".{k}({v})" for k, v in wish.modifiers.items())
        parts.append(wish.name + modifiers + (f"{{{_written(wish.below)}}}" if wish.below else ""))
    return ",".join(parts)


def gone(node_id: str) -> GraphFault:
    return GraphFault(
        100,
        f"Unsupported get request. Object with ID '{node_id}' does not exist, cannot be loaded due to missing"
        " permissions, or does not support this operation",
        subcode=33,
    )


# ---- HTTP --------------------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # one packet an answer
    disable_nagle_algorithm = True
    graph: Graph

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_GET(self) -> None:
        self.graph.requests += 1
        url = urlsplit(self.path)
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        self._send(self._one(url.path, params))

    def do_POST(self) -> None:
        graph = self.graph
        graph.requests += 1
        url = urlsplit(self.path)
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()))
        if url.query:
            graph.wrong.append("a batch with a query: tokens belong into its body")
        if url.path.strip("/") != VERSION or "batch" not in form:
            graph.wrong.append(f"POST {url.path}")
            self._send((400, GraphFault(100, "(#100) Unsupported post request").body, {}))
            return
        outer = graph.answer(Asked(form.get("access_token", ""), "batch", {})) if self._is_trapped(form) else None
        if outer is not None:
            self._send(outer)
            return
        try:
            graph._owner(form.get("access_token", ""))
        except GraphFault as fault:
            self._send((fault.status, fault.body, {}))
            return
        parts = json.loads(form["batch"])
        self._check_batch(parts)
        self._send((200, [self._part(p) for p in parts], dict(graph.usage)))

    def _is_trapped(self, form: Mapping[str, str]) -> bool:
        asked = Asked(form.get("access_token", ""), "batch", {})
        return any(t.times != 0 and t.fits(asked) for t in self.graph.traps)

    def _check_batch(self, parts: list[dict[str, Any]]) -> None:
        wrong = self.graph.wrong
        if not 1 <= len(parts) <= 50:
            wrong.append(f"a batch of {len(parts)}")
        lanes: Counter[str] = Counter()
        for part in parts:
            if set(part) - {"method", "relative_url", "name", "headers"} or part["method"] != "GET":
                wrong.append("a batch entry that does not only read")
            url = urlsplit(part["relative_url"])
            query = dict(parse_qsl(url.query))
            if "access_token" not in query:
                wrong.append("a batch entry without its own token")
            if url.path.rpartition("/")[2] in ("conversations", "messages") or "conversations" in query.get(
                "fields", ""
            ):
                lanes[query.get("access_token", "")] += 1
        if any(count > 2 for count in lanes.values()):
            wrong.append("more than two questions about conversations at once")

    def _part(self, part: Mapping[str, str]) -> Any:
        url = urlsplit(part["relative_url"])
        params = dict(parse_qsl(url.query, keep_blank_values=True))
        found = self._one(f"/{VERSION}/{url.path.lstrip('/')}", params)
        if isinstance(found, str):
            if found == "null":
                return None
            return {"code": 200, "headers": [], "body": '{"data":[{"id":"12' if found == "cut" else "<html>"}
        status, body, headers = found
        return {
            "code": status,
            "headers": [{"name": k, "value": v} for k, v in headers.items()],
            "body": json.dumps(body),
        }

    def _one(self, path: str, params: dict[str, str]) -> "tuple[int, Any, dict[str, str]] | str":
        version, _, rest = path.strip("/").partition("/")
        if version != self.graph.version:
            self.graph.wrong.append(f"version {version}")
        return self.graph.answer(Asked(params.get("access_token", ""), rest, params))

    def _send(self, found: "tuple[int, Any, dict[str, str]] | str") -> None:
        if found == "slow":
            time.sleep(0.6)
            found = "cut"
        if isinstance(found, str):
            headers: dict[str, str] = {}
            status, kind = (502, "text/html") if found == "html" else (200, "text/javascript")
            content = b'{"data":[{"id":"12' if found == "cut" else b"<html>Sorry, something went wrong.</html>"
        else:
            status, body, headers = found
            kind, content = "text/javascript; charset=UTF-8", json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("facebook-api-version", self.graph.version)
            self.send_header("Content-Length", str(len(content)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the reader lost patience


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


@contextmanager
def served(graph: Graph) -> Iterator[Graph]:
    """Serve a Graph on loopback."""
    handler = type("Handler", (_Handler,), {"graph": graph})
    server = _Server(("127.0.0.1", 0), handler)
    graph.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield graph
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
