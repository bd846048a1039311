"""The pages behind the links in mails: ``web``, and taking links back."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._session import At, Config, Session, built, opened, settings_of
from watchdaemon.domain.question import DecisionKind
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.services.links import SignedLinks


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True, callback=None)
    group.callback(invoke_without_command=True)(web)
    group.command("link")(link)
    group.command("revoke")(revoke)
    group.command("new-key")(new_key)
    program.add_typer(group, name="web", rich_help_panel="Working")


def web(ctx: typer.Context, *, at: At = None, config: Config = None) -> None:
    """Serve the pages behind the links in mails, alone, until Ctrl-C. `watchdaemon run` serves them by itself.

    \b
    watchdaemon web                          at [web] listen
    watchdaemon web --at 2026-11-30T08:00    as if it were then
    watchdaemon web revoke --person anna     none of her links counts any more
    """
    if ctx.invoked_subcommand is not None:
        return
    from watchdaemon.daemon.logs import configure_logging
    from watchdaemon.web.server import WebServer

    settings = settings_of(ctx, config)
    configure_logging(level=settings.log.level, style=settings.log.format)
    with built(settings, at=at) as app, WebServer(app) as server:
        typer.echo(f"Serving at {server.url} (for readers: {settings.web.public_url}). Ctrl-C ends.")
        _wait_for_the_end()


def _wait_for_the_end() -> None:
    import signal
    import threading

    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()


def link(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    external_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id, as `questions` shows it.")],
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help="Whose word it is.")],
    kind: Annotated[
        DecisionKind | None, typer.Option("--as", help="The word; the page with every word if left out.")
    ] = None,
    at: At = None,
    config: Config = None,
) -> None:
    """Print a link as a mail would have it. Whoever has it speaks as that person: give it to nobody else.

    \b
    watchdaemon web link biblioteket-fb 123_456 --person anna --as no_reply_needed
    """
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        _require_person(person, session)
        if session.store.question(account, external_id) is None:
            raise ConfigError(f"account {account!r} has no judged item {external_id!r}")
        links = _links(session)
        if kind is None:
            typer.echo(links.item(person, account, external_id, at=session.now))
        else:
            typer.echo(links.word(person, account, external_id, kind, at=session.now))


def revoke(
    ctx: typer.Context,
    *,
    person: Annotated[str | None, typer.Option("--person", metavar="PERSON", help="Only this person's links.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody's links.")] = False,
    config: Config = None,
) -> None:
    """Let links that were sent count no more: after a mail went astray, or somebody's mailbox was read by others.

    The next mails have new links. What was said by the old ones stays; `questions decide` takes it back.

    \b
    watchdaemon web revoke --person anna
    """
    if (person is None) is not everybody:
        raise typer.BadParameter("give --person or --all")
    with opened(ctx, config) as session:
        if person is not None:
            _require_person(person, session)
        _links(session).revoke(person)
    typer.echo("Revoked: every link of " + (f"{person}" if person else "everybody") + " that was made until now.")


def new_key(ctx: typer.Context, *, at: At = None, config: Config = None) -> None:
    """Sign with a fresh key from now on. Links that were sent stay good until they expire (`web revoke` ends them).

    Only for a key that the database keeps; one in a credential is replaced there (docs/web.md).
    """
    with opened(ctx, config, at=at) as session:
        _links(session).renew_key(session.now)
    typer.echo("A new key signs from now on; the old one is believed until its links have expired.")


def _links(session: Session) -> "SignedLinks":
    from watchdaemon.app import signed_links

    links = signed_links(session.settings, session.store)
    if links is None:
        raise ConfigError("web.public_url is not set: there are no links")
    return links


def _require_person(key: str, session: Session) -> None:
    if key not in session.store.load_register().persons:
        raise ConfigError(f"there is no person {key!r} in the register")
