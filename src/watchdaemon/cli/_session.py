"""What most commands begin with: which configuration, its settings, the store, and what time it is meant to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from watchdaemon.clock import SimulatedClock, system_clock
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.app import App
    from watchdaemon.ports import Clock, Store
    from watchdaemon.rules.workdays import WorkCalendar
    from watchdaemon.settings import Settings

Config = Annotated[
    Path | None,
    typer.Option(
        "-c",
        "--config",
        metavar="FILE",
        help="The configuration; otherwise $WATCHDAEMON_CONFIG, or /etc/watchdaemon/watchdaemon.toml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON array with stable keys.")]
At = Annotated[
    str | None,
    typer.Option(
        "--at", metavar="TIME", help="Act as if it were then: ISO, without a zone in the organisation's own zone."
    ),
]
OneAccount = Annotated[str | None, typer.Option("--account", "-a", metavar="ACCOUNT", help="Only this account.")]

_FIRST_YEAR, _LAST_YEAR = 1970, 2100
_NO_CONFIG = (
    "no configuration: name one with -c FILE or WATCHDAEMON_CONFIG (config/watchdaemon.example.toml explains every "
    "key); `watchdaemon demo` works without one"
)


def config_path(ctx: typer.Context, config: Path | None) -> Path | None:
    """Return the file named after the command, before it, or by the environment."""
    from watchdaemon.settings import find_config

    return find_config(config or ctx.find_root().obj)


def settings_of(ctx: typer.Context, config: Path | None, *, required: bool = True) -> "Settings":
    """Return the settings; without a file the defaults, unless one is `required`.

    Raises:
        ConfigError: There is no file where one is required, or it has faults.
    """
    from watchdaemon.settings import load_settings

    path = config_path(ctx, config)
    if path is None and required:
        raise ConfigError(_NO_CONFIG)
    return load_settings(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open store with its settings; `now` is read once."""

    settings: "Settings"
    store: "Store"
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's zone."""
        return self.settings.organisation.timezone

    @property
    def today(self) -> date:
        """The organisation's date."""
        return self.now.astimezone(self.zone).date()

    def calendar(self) -> "WorkCalendar":
        """Return the organisation's calendar."""
        from watchdaemon.rules.workdays import WorkCalendar

        return WorkCalendar(self.settings.calendar_policy())

    def judge_anew(self) -> None:
        """Let what a person said or wrote down show at once; the daemon would judge it at its next pass."""
        from watchdaemon.services.judge import JudgeService
        from watchdaemon.triage import classify

        answers, threshold = self.settings.answer_policy(), self.settings.answers.threshold
        by_threshold = partial(classify, threshold=threshold)
        judge = JudgeService(
            store=self.store,
            classify=by_threshold,
            calendar=self.calendar(),
            answers=answers,
            clock=lambda: self.now,
            organisation=self.settings.organisation.name,
        )
        judge.run(self.store.load_register())

    def require_account(self, key: str | None) -> None:
        """Refuse an account that is not registered. Raises ConfigError."""
        from watchdaemon.handwritten import nearest_key

        known = self.store.load_register().accounts
        if key is not None and key not in known:
            raise ConfigError(f"there is no account {key!r} in the register{nearest_key(key, known)}")


@contextmanager
def opened(ctx: typer.Context, config: Path | None, *, at: str | None = None) -> Iterator[Session]:
    """Open the configured store for reading or a single change; platforms and mail are not touched."""
    from watchdaemon.storage import open_store

    settings = settings_of(ctx, config)
    now = clock_of(at, settings.organisation.timezone)()
    store = open_store(settings.database_url().get_secret_value())
    try:
        yield Session(settings=settings, store=store, now=now)
    finally:
        store.close()


@contextmanager
def built(
    settings: "Settings", *, at: str | None = None, on_progress: Callable[[], None] = lambda: None
) -> Iterator["App"]:
    """Join all parts, for commands that fetch or mail."""
    from watchdaemon.app import build

    app = build(settings, clock=clock_of(at, settings.organisation.timezone), on_progress=on_progress)
    try:
        yield app
    finally:
        app.close()


def clock_of(at: str | None, zone: ZoneInfo) -> "Clock":
    """Return the machine's clock, or one that stands at `at`."""
    return system_clock if at is None else SimulatedClock(instant(at, zone, option="--at"))


def instant(text: str, zone: ZoneInfo, *, option: str) -> datetime:
    """Read an ISO date or time; without a zone it is the organisation's. A date alone is its first minute.

    Raises:
        typer.BadParameter: It is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {text!r} is not a time such as 2026-12-23T10:00 or 2026-12-23") from error
    check_year(moment.year, option=option)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def local_day(text: str | None, *, option: str) -> date | None:
    """Read an ISO date. Raises typer.BadParameter."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option}: {text!r} is not a date such as 2026-12-23") from error
    check_year(day.year, option=option)
    return day


def check_year(year: int, *, option: str) -> None:
    """Refuse years for which no calendar is known, before arithmetic overflows. Raises typer.BadParameter."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise typer.BadParameter(f"{option}: the year must be between {_FIRST_YEAR} and {_LAST_YEAR}")


def who() -> str:
    """Return who runs the program, for the audit table."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a systemd DynamicUser may have no name
        return "unknown"
