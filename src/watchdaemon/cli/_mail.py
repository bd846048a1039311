"""``mail preview``: what would go out now, shown or written as files; nothing is sent."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from watchdaemon.cli._output import note
from watchdaemon.cli._session import At, Config, built, settings_of


class Kind(StrEnum):
    """The mails that can be looked at beforehand."""

    DIGEST = "digest"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    mail = typer.Typer(no_args_is_help=True, help="The mails to owners and managers.")
    mail.callback()(_mails)
    mail.command("preview")(preview)
    program.add_typer(mail, name="mail", rich_help_panel="Looking")


def _mails() -> None:
    """The mails to owners and managers."""


def preview(
    ctx: typer.Context,
    *,
    kind: Annotated[
        Kind,
        typer.Argument(
            metavar="digest|weekly|monthly",
            help="An owner's digest, a manager's weekly report, or the communications unit's monthly overview.",
        ),
    ],
    to: Annotated[str | None, typer.Option("--to", metavar="PERSON", help="Only this person's.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write .eml, .html and .txt files there.")
    ] = None,
    at: At = None,
    config: Config = None,
) -> None:
    """Show the mails as they would be now; nothing is queued or sent.

    \b
    watchdaemon mail preview digest --to anna      the text, here
    watchdaemon mail preview weekly --out mails    files, to open in a mail program or browser
    watchdaemon mail preview monthly               all accounts against the guideline, last month
    """
    from watchdaemon.domain.delivery import MailKind
    from watchdaemon.mail.preview import part, write_preview

    with built(settings_of(ctx, config), at=at) as app:
        mails = app.preview(MailKind(kind.value), to)
    if not mails:
        note(
            "Nobody: organisation.communications in the configuration names who gets it."
            if kind is Kind.MONTHLY
            else "Nothing to tell anybody."
        )
    for mail in mails:
        if out is None:
            typer.echo(f"To: {mail.address}\nSubject: {mail.subject}\n\n{part(mail, 'plain')}\n")
        else:
            for path in write_preview(mail, out):
                typer.echo(str(path))
