"""What a person does where no machine can: ``seen``, ``items add``."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import local_text, note
from watchdaemon.cli._session import At, Config, Session, instant, local_day, opened
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.watch import Window

_LOOK_BACK = timedelta(days=14)  # how far back `seen` looks for the last window: beyond any row of days off

By = Annotated[str, typer.Option("--by", metavar="PERSON", help="Who has looked; a person of the register.")]


def add_to(program: typer.Typer) -> None:
    """Add the command; ``items add`` is in the group of `items`."""
    program.command("seen", rich_help_panel="Working")(seen)


def seen(
    ctx: typer.Context,
    *,
    accounts: Annotated[list[str], typer.Argument(metavar="ACCOUNT")],
    by: By,
    window: Annotated[
        str | None, typer.Option("--window", metavar="WINDOW", help="Which one, 2026-11-23/1; the latest if left out.")
    ] = None,
    at: At = None,
    config: Config = None,
) -> None:
    """Write down that a person has looked at accounts in a watch window.

    An account that no machine can read (see `watchdaemon platforms`) is watched by this word alone, given while the
    window is open. For every other account it stands beside the fetch, and changes nothing of it.

    \b
    watchdaemon seen biblioteket-fb biblioteket-ig --by anna
    """
    from watchdaemon.services.by_hand import confirm

    with opened(ctx, config, at=at) as session:
        _require_person(by, session)
        for account in accounts:
            session.require_account(account)
        chosen = _window(window, session)
        entries = confirm(session.store, accounts, chosen, person=by, at=session.now)
        typer.echo(f"Seen by {by} in window {chosen.key}: {', '.join(accounts)}")
        late = [e.account for e in entries if e.is_by_hand and not e.is_confirmed]
        if late:
            closed = local_text(chosen.closes_at, session.zone)
            note(f"Too late to watch the window, which closed {closed}; it stays not watched: {', '.join(late)}")
            raise typer.Exit(1)


def _require_person(key: str, session: Session) -> None:
    if key not in session.store.load_register().persons:
        raise ConfigError(f"there is no person {key!r} in the register")


def _window(key: str | None, session: Session) -> "Window":
    from watchdaemon.rules.schedule import windows_between, windows_on

    calendar, watch = session.calendar(), session.settings.watch_policy()
    if key is None:
        found = list(windows_between(session.now - _LOOK_BACK, session.now, calendar, watch))
    else:
        day, _, _ = key.partition("/")
        on = local_day(day, option="--window") or date.min
        found = [w for w in windows_on(on, calendar, watch) if w.key == key and w.opens_at <= session.now]
    if not found:
        raise ConfigError(f"there is no watch window {key or ''} that has opened; see `watchdaemon calendar`")
    return found[-1]


def add_item(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    published: Annotated[
        str, typer.Option("--published", metavar="TIME", help="When it was written, 2026-11-23T08:10.")
    ],
    by: By,
    text: Annotated[str, typer.Option("--text", help="What it says, whole.")] = "",
    author: Annotated[str | None, typer.Option("--author", metavar="NAME", help="Who wrote it, as shown.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Where it is; the account's own link if left out.")] = None,
    kind: Annotated[
        ItemKind, typer.Option("--kind", help="What it is; a post is the account's own.")
    ] = ItemKind.COMMENT,
    at: At = None,
    config: Config = None,
) -> None:
    """Write down an item that a person found, so that it gets a due time and stands in digests.

    Adding the same again changes nothing. When it was answered, say so with `watchdaemon questions decide`.

    \b
    watchdaemon items add kommunen-tiktok --by anna --author "Kim" --published 2026-11-23T08:10 --text "När öppnar ni?"
    """
    from watchdaemon.services.by_hand import Found, write_down

    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        _require_person(by, session)
        published_at = instant(published, session.zone, option="--published")
        if published_at > session.now:
            raise ConfigError(f"--published: {published} is in the future")
        found = Found(kind=kind, text=text, author=author, published_at=published_at, url=url, by=by)
        of = session.store.load_register().accounts[account]
        item, is_new = write_down(session.store, of, found, at=session.now)
        session.judge_anew()
        questions = [q for q in session.store.questions(accounts=[account]) if q.item.external_id == item.external_id]
        due = [local_text(q.verdict.due_at, session.zone) for q in questions if q.verdict.due_at is not None]
        typer.echo(f"{'Written down' if is_new else 'Known already'}: {item.external_id}")
        typer.echo(f"A question, due {due[0]}" if due else "Not a question.")
