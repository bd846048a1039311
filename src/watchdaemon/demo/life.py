"""Lives through the weeks: a simulated clock, real HTTP to the sandbox, real SMTP to the sink, the real pass."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from watchdaemon.app import App, PassReport, build
from watchdaemon.clock import SimulatedClock
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.mail.sink import SmtpSink
from watchdaemon.sandbox.scenario import Scenario, exempelkommun
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.services.register import apply, prepare
from watchdaemon.settings import load_settings
from watchdaemon.storage import upgrade

ZONE = ZoneInfo("Europe/Stockholm")
FIRST_MONDAY = date(2026, 11, 9)
"""The scenario's first day. The first week is what was there before; the daemon lives through the two after it."""

WEEKS = 2
STEP = timedelta(minutes=15)
_DAY_BEGINS, _DAY_ENDS = time(7, 30), time(17, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Everything that runs in a demo."""

    out: Path
    scenario: Scenario
    clock: SimulatedClock
    sandbox: SandboxServer
    sink: SmtpSink
    app: App
    config: Path


def instants() -> list[datetime]:
    """Return when the daemon wakes in the weeks lived through: every quarter of an hour around working time."""
    start = FIRST_MONDAY + timedelta(weeks=1)
    days = [start + timedelta(days=n) for n in range(7 * WEEKS)]
    moments = []
    for day in days:
        now, end = (datetime.combine(day, t, ZONE).astimezone(UTC) for t in (_DAY_BEGINS, _DAY_ENDS))
        while now <= end:
            moments.append(now)
            now += STEP
    # One more Monday morning: the last week's report.
    return [*moments, datetime.combine(start + timedelta(weeks=WEEKS), time(7, 30), ZONE).astimezone(UTC)]


@contextlib.contextmanager
def prepared(out: Path) -> Iterator[Life]:
    """Set everything up in a fresh folder, as an operator would: files, database, register, then the parts."""
    clock = SimulatedClock(instants()[0] - STEP)
    scenario = exempelkommun(FIRST_MONDAY, weeks=1 + WEEKS, clock=clock)
    with (
        SandboxServer(scenario.world, scenario.faults) as sandbox,
        SmtpSink(directory=out / "mails") as sink,
    ):
        config = _write_files(out, scenario, sandbox, sink)
        settings = load_settings(config)
        upgrade(settings.database_url().get_secret_value())
        # The sandbox answers at once, so waiting between tries would only take real time from a simulated clock.
        road = Road(retries=RetryPolicy(tries=2, base=0.0), sleep=lambda _: None)
        app = build(settings, clock=clock, road=road)
        try:
            read = prepare(out / "accounts.toml", app.register(), on=app.calendar.local_date(clock()))
            apply(read, app.store, by="demo", at=clock())
            yield Life(out=out, scenario=scenario, clock=clock, sandbox=sandbox, sink=sink, app=app, config=config)
        finally:
            app.close()


def live(life: Life, on_step: Callable[[datetime, PassReport], None]) -> None:
    """Make a pass at every instant, and tell of each."""
    for instant in instants():
        life.clock.move_to(instant)
        on_step(instant, life.app.pass_once())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


def _write_files(out: Path, scenario: Scenario, sandbox: SandboxServer, sink: SmtpSink) -> Path:
    credentials = out / "credentials"
    credentials.mkdir(mode=0o700)
    for name, text in scenario.credentials().items():
        (credentials / name).write_text(text)
        (credentials / name).chmod(0o600)
    (out / "accounts.toml").write_text(scenario.register_toml())
    platforms = "\n".join(f'[platforms.{name}]\nbase_url = "{sandbox.base_url(name)}"\n' for name in sandbox.platforms)
    pages = f"127.0.0.1:{_free_port()}"  # the links in the mails lead there, while somebody serves it
    config = out / "watchdaemon.toml"
    config.write_text(
        f"""# Written by `watchdaemon demo`: an invented municipality, a local sandbox and a local mail sink.
[organisation]
name = "Exempelkommun"

[storage]
url = "sqlite:///{out / "watchdaemon.sqlite3"}"

[mail]
host = "{sink.host}"
port = {sink.port}
sender = "watchdaemon@exempelkommun.example"
sender_name = "Exempelkommuns bevakning"

[credentials]
directory = "{credentials}"

[web]
public_url = "http://{pages}"
listen = "{pages}"

{platforms}"""
    )
    return config
