"""What the judges of four platforms share: a strict HTTP desk on loopback, and a watcher that keeps what comes."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import FetchResult
from watchdaemon.domain.item import Item
from watchdaemon.errors import ConfigError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

Query = list[tuple[str, str]]
Reply = tuple[int, Any, dict[str, str]]
Table = Mapping[str, Mapping[str, str]]
"""By path pattern: every parameter there is, with a pattern for its values; a name ending in "!" is required."""


@dataclass
class Call:
    """One request as the desk saw it."""

    method: str
    path: str
    query: Query
    token: str
    body: bytes

    def get(self, name: str, default: str = "") -> str:
        return dict(self.query).get(name, default)

    def all(self, name: str) -> list[str]:
        return [v for k, v in self.query if k == name]


@dataclass
class Desk:
    """Checks each request against a table, then lets the platform answer; `faults` go before."""

    table: Table
    wrong: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: list[tuple[str, Reply]] = field(default_factory=list)  # by a piece of the path; each stays until removed
    base: str = ""

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def handle(self, call: Call) -> Reply:
        self.calls.append(call)
        fault = faults_of(call, self.table)
        if fault:
            self.wrong.append(f"{call.method} {call.path}: {fault}")
            return 400, {"error": {"code": 400, "message": fault, "errors": []}}, {}
        for piece, reply in self.faults:
            if piece in call.path + "?" + "&".join(f"{k}={v}" for k, v in call.query):
                return reply
        return self.answer(call)

    def count(self, piece: str = "") -> int:
        return sum(piece in c.path for c in self.calls)


def faults_of(call: Call, table: Table) -> str | None:
    """Say what is wrong with a request, or None."""
    rules = next((r for p, r in table.items() if re.fullmatch(p, f"{call.method} {call.path}")), None)
    if rules is None:
        return "unknown path"
    known = {name.rstrip("!"): pattern for name, pattern in rules.items()}
    for name, value in call.query:
        if name not in known:
            return f"unknown parameter {name}"
        if not re.fullmatch(known[name], value):
            return f"bad value of {name}"
    missing = {n.rstrip("!") for n in rules if n.endswith("!")} - {k for k, _ in call.query}
    return f"missing {sorted(missing)}" if missing else None


@contextmanager
def served(desk: Desk) -> Iterator[None]:
    """Serve a desk on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are sent apart: Nagle would hold the body back for 40 ms

        def _do(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            query = parse_qsl(parts.query, keep_blank_values=True)
            status, content, headers = desk.handle(Call(self.command, parts.path, query, token, body))
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            headers = {"Content-Type": "application/json", **headers}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)
            if "Content-Length" in headers:  # promised more than there is
                self.close_connection = True

        do_GET = do_POST = _do  # noqa: N815 - the server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    desk.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def cut(content: bytes = b'{"data": [{"id": "1"') -> Reply:
    """An answer that breaks off: fewer bytes than promised."""
    return 200, content, {"Content-Length": str(len(content) + 400)}


HTML_502: Reply = (502, b"<html><title>Bad gateway</title></html>", {"Content-Type": "text/html"})
HTML_200: Reply = (200, b"<html>Maintenance</html>", {"Content-Type": "text/html"})
BROKEN_JSON: Reply = (200, b'{"data": [{"id": "12', {})


class Pocket:
    """Credentials by name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)

    def read(self, name: str) -> Mapping[str, SecretStr]:
        if name != "konto":
            raise ConfigError(f"no credential {name}")
        return {k: SecretStr(v) for k, v in self.fields.items()}


class Watcher:
    """Polls the real adapter, and keeps what comes as the program does."""

    def __init__(self, plugin: Any, desk: Desk, account: Account, fields: Mapping[str, str], **settings: Any) -> None:
        self.now = NOW
        self.desk = desk
        self.account = account
        self.pocket = Pocket(fields)
        self.road = Road(
            timeout=settings.pop("patience", 5), sleep=lambda _: None, retries=RetryPolicy(tries=2, base=0)
        )
        context = AdapterContext(
            road=self.road, credentials=self.pocket, clock=lambda: self.now, look_back=timedelta(days=30)
        )
        self.adapter: PlatformAdapter = plugin.create({"base_url": desk.base, **settings}, context)
        self.stored: dict[str, Item] = {}
        self.cursors: dict[str, str] = {}

    def poll(self, **later: float) -> FetchResult:
        self.now += timedelta(**later)
        self.desk.calls.clear()
        last = None
        for result in self.adapter.fetch([self.account], {self.account.key: dict(self.cursors)}):
            keys = [i.external_id for i in result.items]
            assert len(keys) == len(set(keys)), "an item came twice in one piece"
            self.stored |= {i.external_id: i for i in result.items}
            self.cursors |= dict(result.cursors)
            assert last is None or not last.is_final, "a piece after the final one"
            last = result
        assert last is not None, "no result"
        assert last.is_final, "no final result"
        return last


Making = Callable[..., Watcher]


def account_of(platform: str, native_id: str, link: str = "https://example.org/konto", **extra: str) -> Account:
    return Account(
        key="konto",
        platform=platform,
        native_id=native_id,
        name="Exempelkommun",
        link=link,
        unit="kommunen",
        manager="chef",
        owners=(),
        credential="konto",
        extra=extra,
    )
