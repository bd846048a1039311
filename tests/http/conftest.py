"""A real HTTP server on loopback whose answers a test lines up."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.conformance import wire


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    port: int  # the client's: tells connections apart


@dataclass
class Planned:
    """One answer; status 0 breaks the connection instead."""

    status: int = 200
    body: bytes = b'{"ok": true}'
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class Server:
    """Gives the planned answers in order, then 200 for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.planned: list[Planned] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing on stderr."""

        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"
        self._thread = threading.Thread(target=lambda: self._httpd.serve_forever(poll_interval=0.01), daemon=True)
        self._thread.start()

    def plan(self, *answers: Planned) -> None:
        self.planned.extend(answers)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {k.lower(): v for k, v in handler.headers.items()}
        port = int(handler.client_address[1])
        self.seen.append(Seen(handler.command, parts.path, parse_qs(parts.query), headers, body, port))
        planned = self.planned.pop(0) if self.planned else Planned()
        if planned.status == 0:
            handler.close_connection = True
            return
        handler.send_response(planned.status)
        for name, value in planned.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(planned.body)))
        handler.end_headers()
        handler.wfile.write(planned.body)

    def close(self) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join(5)


@pytest.fixture(autouse=True)
def _addresses_are_invented() -> Iterator[None]:
    """The road is tested with platforms' names and addresses that no platform has."""
    with wire.unchecked():
        yield


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def json_answer(value: object, status: int = 200, **headers: str) -> Planned:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Planned(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})
