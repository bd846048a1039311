"""A token end-point on loopback whose refresh tokens are good for one use."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


@dataclass
class TokenEndpoint:
    """Rotates. With `grace` a used token may be used once more, as long as its successor was never shown.

    `before_answer` is called when a token was exchanged and the answer not yet sent.
    """

    grace: bool = False
    asked: list[str] = field(default_factory=list)  # refresh tokens, in the order they came
    family: int = 0  # the number of the refresh token that is good
    is_dead: bool = False
    before_answer: Callable[[], None] = lambda: None
    url: str = ""

    def exchange(self, token: str) -> tuple[int, dict[str, object]]:
        """Answer one exchange."""
        self.asked.append(token)
        good = {f"refresh-{self.family}"} | ({f"refresh-{self.family - 1}"} if self.grace else set())
        if self.is_dead or token not in good:
            self.is_dead = True  # a token used twice has leaked: the whole family ends
            message = "Value passed for the token was invalid."
            return 400, {"error": "invalid_request", "error_description": message}
        self.family += 1
        return 200, {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": f"access-{self.family}",
            "refresh_token": f"refresh-{self.family}",
            "scope": "tweet.read users.read offline.access",
        }

    def is_usable(self, refresh_token: str) -> bool:
        """Tell whether somebody who holds that refresh token can go on."""
        return not self.is_dead and refresh_token == f"refresh-{self.family}"


@contextmanager
def served(endpoint: TokenEndpoint) -> Iterator[TokenEndpoint]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = endpoint.exchange(parse_qs(body)["refresh_token"][0])
            endpoint.before_answer()
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that was killed in the middle is what this is for."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
