"""The commands that work: ``demo``, ``run`` and ``poll``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import emit_json, emit_table, note, utc_text
from watchdaemon.cli._session import AsJson, At, Config, built, settings_of
from watchdaemon.errors import Reason

if TYPE_CHECKING:
    from watchdaemon.app import App
    from watchdaemon.domain.watch import FetchAttempt
    from watchdaemon.settings import Settings


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    panel = "Working"
    program.command("demo", rich_help_panel=panel)(demo)
    program.command("run", rich_help_panel=panel)(run)
    program.command("poll", rich_help_panel=panel)(poll)


def demo(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Where mails, database and summary go; a fresh folder.")
    ] = Path("demo-output"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave sandbox and daemon running until Ctrl-C.")] = False,
) -> None:
    """See the whole thing work, without any account, credential or mail server.

    Two working weeks of an invented municipality, lived through in under a minute: real HTTP to a local sandbox of
    the platforms, real SMTP to a local sink.
    """
    from watchdaemon.daemon.logs import configure_logging
    from watchdaemon.demo.show import run_demo
    from watchdaemon.web import Companion

    configure_logging(level="error")
    raise typer.Exit(run_demo(out, keep=keep, companion=Companion()))


def run(
    ctx: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Make one pass over everything that is owed, and end.")] = False,
    at: At = None,
    config: Config = None,
) -> None:
    """Run the daemon: fetch, judge, tell, until SIGTERM. SIGHUP reads the configuration again.

    \b
    watchdaemon run                                what the service does
    watchdaemon run --once                         one pass, for a timer or for trying out
    watchdaemon run --once --at 2026-11-23T13:05   one pass as if it were then
    """
    from watchdaemon.daemon.logs import configure_logging

    if at is not None and not once:
        raise typer.BadParameter("--at goes together with --once")
    settings = settings_of(ctx, config)
    configure_logging(level=settings.log.level, style=settings.log.format)
    _upgrade_apart(settings.database_url().get_secret_value())
    if once:
        _one_pass(settings, at)
        return
    from watchdaemon.daemon import run as run_daemon
    from watchdaemon.web import Companion

    raise typer.Exit(run_daemon(_app_factory(ctx, config), lock_path=_lock_path(settings), companion=Companion()))


def _upgrade_apart(url: str) -> None:
    """Bring the database up to date in a child process: what that takes, 11 MB, the daemon would carry for good."""
    import multiprocessing

    from watchdaemon.storage import current_revision, upgrade
    from watchdaemon.storage.migrate import HEAD

    if current_revision(url) != HEAD:
        child = multiprocessing.get_context("fork").Process(target=_upgrade_quietly, args=(url,))
        child.start()
        child.join()
    upgrade(url)  # nothing is left to do, or this raises what went wrong


def _upgrade_quietly(url: str) -> None:
    import contextlib

    from watchdaemon.errors import WatchdaemonError
    from watchdaemon.storage import upgrade

    with contextlib.suppress(WatchdaemonError):  # the parent meets it too, and tells it
        upgrade(url)


def _one_pass(settings: "Settings", at: str | None) -> None:
    from watchdaemon.daemon.lock import InstanceLock

    with InstanceLock(_lock_path(settings)), built(settings, at=at) as app:
        report = app.pass_once()
        _complain(app)
    counts = report.counts()
    typer.echo("Done: " + (", ".join(f"{n} {name.replace('_', ' ')}" for name, n in counts.items()) or "nothing owed"))
    if report.failed or report.partly:
        note(f"{report.failed} accounts could not be fetched, {report.partly} only partly: see watchdaemon watch-log")
    if report.postponed or report.bounced:
        note(f"{report.postponed + report.bounced} mails were not taken by the mail server: see watchdaemon doctor")
    if report.failed or report.partly or report.postponed or report.bounced:
        raise typer.Exit(1)


def _app_factory(ctx: typer.Context, config: Path | None) -> "Callable[[Callable[[], None]], App]":
    """Return what makes the daemon's parts; it reads the configuration anew each time (SIGHUP)."""

    def make(on_progress: Callable[[], None]) -> "App":
        from watchdaemon.app import build
        from watchdaemon.daemon.logs import configure_logging

        settings = settings_of(ctx, config)
        configure_logging(level=settings.log.level, style=settings.log.format)
        app = build(settings, on_progress=on_progress)
        _complain(app)
        return app

    return make


def _complain(app: "App") -> None:
    for error in app.plugin_errors:
        note(f"watchdaemon: {error}")


def _lock_path(settings: "Settings") -> Path:
    """One daemon per database: beside a SQLite file, else in the state directory or the temporary one."""
    import os
    import tempfile

    url = settings.storage.url
    if url.startswith("sqlite:///"):
        return Path(f"{url.removeprefix('sqlite:///')}.lock")
    return Path(os.environ.get("STATE_DIRECTORY") or tempfile.gettempdir()) / "watchdaemon.lock"


def poll(
    ctx: typer.Context,
    *,
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT", help="Which ones; every watched account if none.")
    ] = None,
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Fetch accounts now, whether they owe it or not, and judge what came.

    A fetch inside a watch window counts for that window. Nothing is mailed.

    \b
    watchdaemon poll biblioteket-fb
    """
    from watchdaemon.daemon.logs import configure_logging

    settings = settings_of(ctx, config)
    configure_logging(level="warning", style=settings.log.format)
    attempts = _with_progress(settings, accounts or None, at)
    if as_json:
        emit_json(map(attempt_facts, attempts))
    else:
        heads = ["ACCOUNT", "COVERAGE", "ITEMS", "NEW", "CALLS", "WHY"]
        rows = [(a.account, a.coverage, a.items, a.new_items, a.calls, _why(a)) for a in attempts]
        emit_table(heads, rows, styles=lambda cell: {"failed": "red", "partial": "yellow"}.get(cell, ""))
    if attempts and not any(a.window.index for a in attempts):
        note("Outside every watch window: what came is stored, but nothing of it stands on the watch log.")
    by_hand = [a.account for a in attempts if a.reason is Reason.NOT_CONFIRMED]
    if by_hand:
        note(f"Only a person can look at these (then: watchdaemon seen): {', '.join(by_hand)}")
    failed = [a.account for a in attempts if a.reason not in (None, Reason.NOT_CONFIRMED)]
    if failed:
        note(f"Not fetched completely: {', '.join(failed)}")
        raise typer.Exit(1)


def _with_progress(settings: "Settings", accounts: list[str] | None, at: str | None) -> "list[FetchAttempt]":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Fetching", total=None)
        with built(settings, at=at, on_progress=lambda: progress.advance(task)) as app:
            _complain(app)
            total = len(accounts) if accounts is not None else len(app.register().watched())
            progress.update(task, total=total)
            return app.poll(accounts)


def _why(attempt: "FetchAttempt") -> str:
    return "" if attempt.reason is None else f"{attempt.reason}: {attempt.detail}"


def attempt_facts(attempt: "FetchAttempt") -> dict[str, object]:
    """Return a fetch as JSON has it."""
    return {
        "account": attempt.account,
        "window": attempt.window.key if attempt.window.index else None,
        "coverage": attempt.coverage,
        "reason": attempt.reason,
        "detail": attempt.detail,
        "needs_person": attempt.needs_person,
        "items": attempt.items,
        "new_items": attempt.new_items,
        "malformed": attempt.malformed,
        "calls": attempt.calls,
        "started_at": utc_text(attempt.started_at),
        "ended_at": utc_text(attempt.ended_at),
    }
