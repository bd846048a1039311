"""Shows a demo: progress while it lives, tables when it is over, and an HTML page that stays."""

import shutil
import sys
import threading
import time
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path

import jinja2
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from watchdaemon.app import PassReport
from watchdaemon.daemon.loop import Companion
from watchdaemon.demo.facts import Facts, gather, reasons
from watchdaemon.demo.life import ZONE, Life, instants, live, prepared
from watchdaemon.domain.delivery import MailKind
from watchdaemon.errors import ConfigError

_PIPE_WIDTH = 140

_MARK = ".watchdaemon-demo"
"""A file that says a folder is a demo's: only such a folder is emptied."""


def run_demo(
    out: Path, *, keep: bool = False, console: Console | None = None, companion: Companion | None = None
) -> int:
    """Live through the weeks and show them; returns the exit code.

    Args:
        out: Where files, database, mails and the summary go; a demo's own folder is emptied first.
        keep: Go on afterwards in real time, from where the simulated weeks ended, until interrupted.
        console: Where to show it.
        companion: What serves the pages behind the links meanwhile.

    Raises:
        ConfigError: `out` holds something that no demo wrote.
    """
    console = console or _console()
    out = out.resolve()
    _fresh(out)
    started = time.monotonic()
    with prepared(out) as life:
        _live_with_progress(life, console)
        facts = gather(life)
        summary = write_summary(facts, out)
        show(facts, console, seconds=time.monotonic() - started)
        console.print(f"\nMails:   {out / 'mails'} (.eml)\nSummary: {summary}\nDatabase and files: {out}")
        console.print(f"Links:   {_how_links_work(life, keep=keep)}", soft_wrap=True)
        console.print(f"Ask it:  {_command(life, 'questions --state overdue')}", soft_wrap=True)
        if keep:
            _keep_running(life, console, companion)
        return _verdict(facts, life, console)


def _console() -> Console:
    """Return a console that writes whole lines into a pipe or a file, where nobody can widen the window."""
    return Console() if Console().is_terminal else Console(width=_PIPE_WIDTH)


def _fresh(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        if not (out / _MARK).exists():
            raise ConfigError(f"{out} is not empty and no demo wrote it; choose another folder with --out")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)
    (out / _MARK).write_text("A folder of `watchdaemon demo`; the next demo empties it.\n")


def _live_with_progress(life: Life, console: Console) -> None:
    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    mails = 0
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        task = progress.add_task("Exempelkommun", total=len(instants()), told="")

        def on_step(instant: datetime, report: PassReport) -> None:
            nonlocal mails
            mails += report.sent
            told = f"{instant.astimezone(ZONE):%a %d %b %H:%M}  {mails} mails"
            progress.update(task, advance=1, told=told)

        live(life, on_step)


def show(facts: Facts, console: Console, *, seconds: float) -> None:
    """Print the tables."""
    console.print(
        f"\n[bold]Two working weeks of Exempelkommun[/bold] in {seconds:.0f} s: {len(facts.accounts)} accounts, "
        f"{facts.items} items fetched with {facts.requests} requests."
    )
    console.print(_account_table(facts))
    console.print("Windows not (fully) watched, and why:")
    for why, accounts in reasons(facts).items():
        console.print(f"  {why}: {', '.join(accounts)}", highlight=False)
    console.print(
        f"Questions: {facts.truth_found} of the {facts.truth_questions} that were asked were recognised, "
        f"{facts.false_alarms} false alarms."
    )
    console.print(_mail_table(facts))


def _account_table(facts: Facts) -> Table:
    table = Table(title="Accounts", title_justify="left", box=SIMPLE)
    table.add_column("account")
    for name in ("windows", "partly", "missed", "questions", "in time", "late", "waiting", "overdue", "remove"):
        table.add_column(name, justify="right")
    for f in facts.accounts:
        numbers = (f.partly, f.not_watched, f.found, f.answered_in_time, f.answered_late, f.waiting, f.overdue)
        shown = [str(n) if n else "-" for n in (*numbers, f.to_remove)]
        table.add_row(f.account.key, f"{f.watched}/{f.owed}", *shown)
    return table


def _mail_table(facts: Facts) -> Table:
    table = Table(title="Mails", title_justify="left", box=SIMPLE)
    table.add_column("person")
    for kind in MailKind:
        table.add_column(kind.value, justify="right")
    for key, name in sorted(facts.people.items(), key=lambda p: p[1]):
        if facts.mails_to(key):
            table.add_row(name, *(str(len(facts.mails_to(key, kind)) or "-") for kind in MailKind))
    return table


def write_summary(facts: Facts, out: Path) -> Path:
    """Write the HTML page and return where it lies."""
    source = files("watchdaemon.demo").joinpath("summary.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(source).render(
        facts=facts, kinds=list(MailKind), reasons=reasons(facts), now=facts.now.astimezone(ZONE), out=out
    )
    path = out / "summary.html"
    path.write_text(page, encoding="utf-8")
    return path


def _verdict(facts: Facts, life: Life, console: Console) -> int:
    """Return 0 when the promises held in the demo, else say what broke and return 1."""
    broken = []
    if any(f.watched + f.partly + f.not_watched != f.owed for f in facts.accounts):
        broken.append("a window is neither watched nor on record as missed")
    if life.sandbox.errors:
        broken.append(f"the sandbox failed {len(life.sandbox.errors)} times, first with {life.sandbox.errors[0]!r}")
    if not any(m.kind is MailKind.DIGEST for m in facts.mails):
        broken.append("no digest was sent")
    for what in broken:
        console.print(f"[red]This should not happen:[/red] {what}")
    return 1 if broken else 0


def _how_links_work(life: Life, *, keep: bool) -> str:
    """Say how the links in the mails are made to lead somewhere: their days are those of the simulated weeks."""
    if keep:
        return "those in the mails work now"
    return f"to try those in the mails: {_command(life, 'web')}"


def _command(life: Life, words: str) -> str:
    """Return a command as it can be typed here and now: the program where it is, and when the weeks end."""
    program = "watchdaemon" if shutil.which("watchdaemon") else Path(sys.executable).with_name("watchdaemon")
    at = life.clock().astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="minutes")
    return f"{program} {words} --config {life.config} --at {at}"


def _keep_running(life: Life, console: Console, companion: Companion | None) -> None:
    """Let sandbox and daemon go on in real time from where the weeks ended, until Ctrl-C or SIGTERM."""
    from watchdaemon.daemon.loop import run

    console.print(f"\nGoing on at {life.sandbox.url} until you press Ctrl-C; `{life.config}` is the configuration.")
    stop = threading.Event()

    def flow() -> None:
        while not stop.wait(1.0):
            life.clock.advance(timedelta(seconds=1))

    thread = threading.Thread(target=flow, daemon=True)
    thread.start()
    try:
        run(lambda _: life.app, lock_path=life.out / "watchdaemon.lock", companion=companion)
    finally:
        stop.set()
        thread.join()
