"""``sandbox``: the platforms' own HTTP APIs on this machine, with a configuration that leads there."""

import signal
import threading
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import note
from watchdaemon.cli._session import At, clock_of
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.mail.sink import SmtpSink
    from watchdaemon.sandbox.scenario import Scenario
    from watchdaemon.sandbox.server import SandboxServer

_HEAD = "# Written by `watchdaemon sandbox`; the next one writes it again."
_WEEKS = 3


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("sandbox", rich_help_panel="Working")(sandbox)


def sandbox(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Listen there on 127.0.0.1; 0 takes a free one.")
    ] = 8471,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where configuration, register and mails are written.")
    ] = Path("sandbox"),
    at: At = None,
    latency: Annotated[float, typer.Option("--latency", min=0, help="Seconds that every answer takes at least.")] = 0.0,
) -> None:
    """Serve the platforms' own HTTP APIs on this machine, from an invented municipality, until Ctrl-C.

    Writes a configuration that leads there, takes its mails, and needs no credential of yours. Faults and the clock can
    be set over HTTP under /_sandbox while it runs.

    \b
    watchdaemon sandbox --out sandbox &
    watchdaemon db upgrade -c sandbox/watchdaemon.toml
    watchdaemon accounts import sandbox/accounts.toml -c sandbox/watchdaemon.toml
    watchdaemon run --once -c sandbox/watchdaemon.toml
    """
    from zoneinfo import ZoneInfo

    from watchdaemon.clock import system_clock
    from watchdaemon.mail.sink import SmtpSink
    from watchdaemon.sandbox.scenario import exempelkommun
    from watchdaemon.sandbox.server import SandboxServer
    from watchdaemon.sandbox.world import ShiftedClock

    out = out.resolve()
    _refuse_foreign(out)
    zone = ZoneInfo("Europe/Stockholm")
    clock = ShiftedClock(system_clock, clock_of(at, zone)())
    today = clock().astimezone(zone).date()
    first_monday = today - timedelta(days=today.weekday(), weeks=_WEEKS - 1)  # the scenario's last week is this one
    scenario = exempelkommun(first_monday, weeks=_WEEKS, clock=clock)
    with (
        SandboxServer(scenario.world, scenario.faults, port=port, latency=latency) as server,
        SmtpSink(directory=out / "mails") as sink,
    ):
        config = _write_files(out, scenario, server, sink)
        typer.echo(f"Serving {', '.join(server.platforms)} at {server.url}\nConfiguration: {config}")
        note("Press Ctrl-C to end.")
        _wait_for_the_end()
        if server.errors:
            note(f"The sandbox itself failed {len(server.errors)} times, first with {type(server.errors[0]).__name__}")
            raise typer.Exit(1)


def _refuse_foreign(out: Path) -> None:
    config = out / "watchdaemon.toml"
    if config.exists() and not config.read_text("utf-8").startswith(_HEAD):
        raise ConfigError(f"{config} was not written by the sandbox; choose another folder with --out")


def _write_files(out: Path, scenario: "Scenario", server: "SandboxServer", sink: "SmtpSink") -> Path:
    credentials = out / "credentials"
    credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = credentials / "watchdaemon-key"
    secrets = {**scenario.credentials(), key.name: key.read_text("utf-8") if key.exists() else _new_key()}
    for name, text in secrets.items():
        (credentials / name).write_text(text, "utf-8")
        (credentials / name).chmod(0o600)
    (out / "accounts.toml").write_text(scenario.register_toml(), "utf-8")
    platforms = "".join(f'[platforms.{name}]\nbase_url = "{server.base_url(name)}"\n' for name in server.platforms)
    config = out / "watchdaemon.toml"
    config.write_text(
        f"""{_HEAD}
[organisation]
name = "Exempelkommun"
[storage]
url = "sqlite:///watchdaemon.sqlite3"
[mail]
host = "{sink.host}"
port = {sink.port}
sender = "watchdaemon@exempelkommun.example"
[credentials]
directory = "credentials"
{platforms}""",
        "utf-8",
    )
    return config


def _new_key() -> str:
    from watchdaemon.credentials import new_key

    return new_key().get_secret_value()


def _wait_for_the_end() -> None:
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    ended.wait()
