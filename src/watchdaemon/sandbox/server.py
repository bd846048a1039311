"""The sandbox's HTTP server: every platform under its own path prefix of one loopback port, and a control end-point.

It runs in a thread of its own, computes in memory, and never reaches outside. Adapters know it by `base_url` alone.
"""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from watchdaemon.sandbox.faults import Fault, FaultKind, Faults, disturbed
from watchdaemon.sandbox.world import MovableClock, World

PlatformApp = Callable[[Request, str], Awaitable[Response]]
"""Answers one request; the text is the path below the platform's prefix, without a leading slash."""

_START_SECONDS = 10.0


class SandboxServer:
    """A running sandbox. Use it as a context manager, or `start()` and `stop()`.

    `requests` counts requests by platform; `errors` keeps what went wrong inside the sandbox itself (a test's fixture
    should find it empty).
    """

    def __init__(
        self,
        world: World,
        faults: Faults | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        apps: Mapping[str, PlatformApp] | None = None,
    ) -> None:
        """Make a server.

        Args:
            world: What the platforms know.
            faults: What goes wrong; may be changed while the server runs.
            host: The address to listen on; loopback unless somebody really wants otherwise.
            port: 0 takes a free one.
            latency: Seconds every answer takes at least.
            apps: The platforms by path prefix; all of ours when not given.
        """
        self.world = world
        self.faults = faults if faults is not None else Faults()
        self.latency = latency
        self.requests: Counter[str] = Counter()
        self.errors: list[Exception] = []
        self._apps = dict(apps) if apps is not None else platform_apps(self.world, self.faults)
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms served."""
        return tuple(sorted(self._apps))

    @property
    def url(self) -> str:
        """The server's root, without a trailing slash."""
        return f"http://{self._host}:{self._port}"

    def base_url(self, platform: str) -> str:
        """Return what an adapter's `base_url` setting must be, with a trailing slash."""
        if platform not in self._apps:
            raise KeyError(f"the sandbox does not serve {platform!r}")
        return f"{self.url}/{platform}/"

    def start(self) -> None:
        """Listen. Returns when requests are answered."""
        if self._thread is not None:
            raise RuntimeError("the sandbox runs already")
        self._socket = socket.create_server((self._host, self._port), backlog=2048)
        # Accepted connections inherit it. asyncio would set it only on sockets made with an explicit protocol, and
        # without it head and body of an answer wait 40 ms for each other.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            loop="asyncio",  # the same server wherever it runs, whatever else is installed beside it
            http="h11",
            timeout_graceful_shutdown=1,
            backlog=2048,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="watchdaemon-sandbox", daemon=True
        )
        self._thread.start()
        ready = threading.Event()
        for _ in range(int(_START_SECONDS / 0.005)):
            if self._server.started or not self._thread.is_alive():
                break
            ready.wait(0.005)
        if not self._server.started:
            raise RuntimeError("the sandbox did not start")

    def stop(self) -> None:
        """Stop listening and end the thread. Stopping a stopped one is no error."""
        if self._thread is None or self._server is None or self._socket is None:
            return
        self._server.should_exit = True
        self._thread.join(timeout=1.5)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(timeout=5)
        self._socket.close()
        self._thread = self._server = self._socket = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # ---- the ASGI application ------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        prefix, _, path = scope["path"].lstrip("/").partition("/")
        try:
            response = await self._answer(request, prefix, path)
        except Exception as error:  # noqa: BLE001 - the last catcher: a bug here must show, not hang the caller
            self.errors.append(error)
            response = Response("the sandbox itself failed", status_code=500, media_type="text/plain")
        await response(scope, receive, send)

    async def _answer(self, request: Request, prefix: str, path: str) -> Response:
        if prefix == "_sandbox":
            return await self._control(request, path)
        app = self._apps.get(prefix)
        if app is None:
            return Response(f"no such platform: {prefix}", status_code=404, media_type="text/plain")
        self.requests[prefix] += 1
        if self.latency:
            await asyncio.sleep(self.latency)
        return await disturbed(
            self.faults,
            lambda: app(request, path),
            now=self.world.now(),
            platform=prefix,
            account=None,
            path=path,
        )

    # ---- control -------------------------------------------------------------------------------------------------

    async def _control(self, request: Request, path: str) -> Response:
        try:
            match (request.method, path):
                case ("GET", "status"):
                    return JSONResponse(self._status())
                case ("POST", "faults"):
                    self._set_faults(await request.json())
                    return JSONResponse(self._status())
                case ("DELETE", "faults"):
                    self.faults.clear()
                    return JSONResponse(self._status())
                case ("POST", "clock"):
                    self._move_clock(await request.json())
                    return JSONResponse(self._status())
        except (ValueError, TypeError, KeyError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return JSONResponse({"error": f"{request.method} {path} is not known"}, status_code=404)

    def _status(self) -> dict[str, object]:
        return {
            "now": self.world.now().isoformat(),
            "platforms": {name: f"{self.url}/{name}/" for name in self.platforms},
            "accounts": len(self.world.accounts()),
            "requests": dict(self.requests),
            "errors": len(self.errors),
            "faults": [fault_to_json(f) for f in self.faults.all()],
        }

    def _set_faults(self, body: object) -> None:
        if not isinstance(body, list):
            raise TypeError("a list of faults is wanted")
        for fault in [fault_from_json(f) for f in body]:
            self.faults.add(fault)

    def _move_clock(self, body: object) -> None:
        clock = self.world.clock
        if not isinstance(clock, MovableClock):
            raise TypeError("this world's clock cannot be moved")
        if not isinstance(body, dict) or set(body) not in ({"to"}, {"advance_seconds"}):
            raise TypeError('either {"to": time} or {"advance_seconds": number} is wanted')
        if "to" in body:
            clock.move_to(_instant(str(body["to"])))
        else:
            clock.move_to(clock() + timedelta(seconds=float(body["advance_seconds"])))


def platform_apps(world: World, faults: Faults) -> dict[str, PlatformApp]:
    """Return the platforms the sandbox speaks, by path prefix."""
    from watchdaemon.sandbox import bluesky, graph, mastodon, threads, x, youtube
    from watchdaemon.sandbox.consent import with_consent

    apps: dict[str, PlatformApp] = {
        "bluesky": bluesky.create_app(world, faults),
        "facebook": graph.create_app(world, faults, "facebook"),
        "instagram": graph.create_app(world, faults, "instagram"),
        "mastodon": mastodon.create_app(world, faults),
        "threads": threads.create_app(world, faults),
        "x": x.create_app(world, faults),
        "youtube": youtube.create_app(world, faults),
    }
    return {name: with_consent(name, app, world) for name, app in apps.items()}


def fault_to_json(fault: Fault) -> dict[str, object]:
    """Write a fault as the control end-point shows and takes it."""
    return {
        "kind": fault.kind.value,
        "platform": fault.platform,
        "account": fault.account,
        "path": fault.path,
        "from_at": fault.from_at.isoformat() if fault.from_at else None,
        "to_at": fault.to_at.isoformat() if fault.to_at else None,
        "seconds": fault.seconds,
    }


def fault_from_json(body: object) -> Fault:
    """Read a fault. Raises ValueError or TypeError with what is wrong."""
    if not isinstance(body, dict):
        raise TypeError("a fault is an object")
    unknown = set(body) - {"kind", "platform", "account", "path", "from_at", "to_at", "seconds"}
    if unknown:
        raise ValueError(f"unknown in a fault: {', '.join(sorted(map(str, unknown)))}")
    return Fault(
        kind=FaultKind(str(body.get("kind"))),
        platform=body.get("platform"),
        account=body.get("account"),
        path=body.get("path") or "",
        from_at=_instant(body["from_at"]) if body.get("from_at") else None,
        to_at=_instant(body["to_at"]) if body.get("to_at") else None,
        seconds=float(body.get("seconds", 1.0)),
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text}: a time with its offset is wanted")
    return instant
