"""A configuration, a database with a small life in it, and the program to run."""

import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from tests.cli.connected import enrol
from tests.cli.provider import Provider, served
from typer.testing import CliRunner, Result

from watchdaemon.cli import program
from watchdaemon.domain.alert import Alert, AlertKind
from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.watch import FetchAttempt
from watchdaemon.errors import Reason
from watchdaemon.rules.schedule import windows_on
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.judge import JudgeService
from watchdaemon.services.register import import_register, parse_register
from watchdaemon.settings import Settings, load_settings
from watchdaemon.storage import SqlStore, open_store, upgrade
from watchdaemon.triage import classify

REGISTER = Path(__file__).parents[2] / "config" / "accounts.example.toml"
MONDAY = date(2026, 11, 23)
NINE = datetime(2026, 11, 23, 8, tzinfo=UTC)  # 09:00 in Stockholm

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the program in this process: ``run("items", "--json")``."""
    monkeypatch.delenv("WATCHDAEMON_CONFIG", raising=False)
    monkeypatch.setenv("COLUMNS", "100")

    def _run(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(program, [str(a) for a in arguments], input=stdin)

    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield _run
    # Some commands set logging up, on a stream that ends with the test.
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty database to copy: a copy takes a millisecond, an upgrade half a second."""
    path = tmp_path_factory.mktemp("database") / "w.sqlite3"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def config(tmp_path: Path, empty_database: Path) -> Path:
    """A configuration with an empty database."""
    path = tmp_path / "watchdaemon.toml"
    path.write_text(
        '[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "watch@example.org"\nport = 9\n'
        '[storage]\nurl = "sqlite:///w.sqlite3"\n[credentials]\ndirectory = "credentials"\n'
    )
    (tmp_path / "credentials").mkdir()
    shutil.copy(empty_database, tmp_path / "w.sqlite3")
    return path


@pytest.fixture
def lived(config: Path) -> Path:
    """A configuration whose database has accounts, questions, a watch log and an alert."""
    settings = load_settings(config)
    store = open_store(settings.database_url().get_secret_value())
    import_register(store, parse_register(REGISTER, on=MONDAY), by="karin", at=NINE - timedelta(days=7))
    _fetch(store, settings)
    opened = Alert(
        kind=AlertKind.NOT_WATCHED,
        cause="kommunen-x",
        accounts=("kommunen-x",),
        reason=Reason.UNAUTHORISED,
        detail="the token was revoked",
        opened_at=NINE,
    )
    store.open_alert(opened)
    store.close()
    return config


def _fetch(store: SqlStore, settings: Settings) -> None:
    store.save_fetch(
        FetchResult(account="biblioteket-fb", coverage=Coverage.COMPLETE, items=_items(), cursors={"comments": "1"}),
        at=NINE,
    )
    calendar = WorkCalendar(settings.calendar_policy())
    answers = settings.answer_policy()
    judge = JudgeService(store=store, classify=classify, calendar=calendar, answers=answers, clock=lambda: NINE)
    judge.run(store.load_register())
    morning = windows_on(MONDAY, calendar, settings.watch_policy())[0]
    times = {"window": morning, "started_at": NINE, "ended_at": NINE + timedelta(seconds=2)}
    store.book_attempt(
        FetchAttempt(account="biblioteket-fb", coverage=Coverage.COMPLETE, items=4, new_items=4, calls=2, **times)  # type: ignore[arg-type]  # a dict of mixed values
    )
    trouble = Trouble(reason=Reason.UNAUTHORISED, detail="the token was revoked", needs_person=True)
    store.book_attempt(
        FetchAttempt(
            account="kommunen-x",
            coverage=Coverage.FAILED,
            reason=trouble.reason,
            detail=trouble.detail,
            needs_person=True,
            **times,  # type: ignore[arg-type]  # as above
        )
    )
    store.book_told("biblioteket-fb", morning, persons=["anna", "bo"], at=NINE + timedelta(minutes=1))


def _items() -> tuple[Item, ...]:
    def comment(external_id: str, text: str, published_at: datetime, **more: object) -> Item:
        return Item(
            account="biblioteket-fb",
            platform="facebook",
            external_id=external_id,
            thread_id=str(more.pop("thread_id", external_id)),
            kind=ItemKind.COMMENT,
            published_at=published_at,
            text=text,
            **{
                "author": "Kim Medborgare",
                "author_id": "900",
                "url": f"https://www.facebook.com/{external_id}",
                **more,
            },  # type: ignore[arg-type]  # a dict of mixed values
        )

    return (
        comment("1_late", "När öppnar biblioteket på lördag?", NINE - timedelta(days=5)),
        comment("1_new", "Kan man låna [bold]surfplattor[/bold]\x1b[31m hos er?", NINE - timedelta(hours=1)),
        comment("1_done", "Var ligger biblioteket?", NINE - timedelta(days=3)),
        comment(
            "1_reply",
            "Hej! På Storgatan 1.",
            NINE - timedelta(days=3) + timedelta(hours=1),
            thread_id="1_done",
            parent_id="1_done",
            by_account=True,
            author="Exempelkommuns bibliotek",
            author_id="100000000000001",
        ),
    )


@pytest.fixture
def provider() -> Iterator[Provider]:
    """The platforms' token and identity end-points on loopback."""
    with served(Provider()) as running:
        yield running


@pytest.fixture
def office(config: Path, provider: Provider) -> Path:
    """A configuration that leads to the provider, with an account on each platform that names no credential yet."""
    enrol(config, provider)
    return config
