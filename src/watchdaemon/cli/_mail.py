"""``mail preview``: what would go out now; ``mail test``: whether mails arrive, step by step."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import clean, note
from watchdaemon.cli._session import At, Config, built, opened, settings_of

if TYPE_CHECKING:
    from watchdaemon.errors import DeliveryError


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
    mail.command("test")(send_test)
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


def send_test(
    ctx: typer.Context,
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="PERSON", help="Who gets the test mail: a person of the register.")
    ],
    config: Config = None,
) -> None:
    """Send one person a test mail, and tell each step.

    Whoever runs this sees whether the mail server is reached, protected, lets us in and takes the mail, and whether the
    mailbox for returned mails can be read. Whether the mail arrived, the person sees. Ends with 1 when a step fails.

    \b
    watchdaemon mail test --to anna
    """
    from watchdaemon.app import return_box, smtp_mailer
    from watchdaemon.errors import ConfigError, DeliveryError, MailboxError
    from watchdaemon.mail.trial import trial_mail

    with opened(ctx, config) as session:
        person = session.store.load_register().persons.get(to)
    if person is None:
        raise ConfigError(f"no person {to!r} in the register; see `watchdaemon accounts list`")
    settings = session.settings
    mail = trial_mail(
        person,
        organisation=settings.organisation.name,
        sender=settings.mail.sender,
        sender_name=settings.mail.sender_name,
        language=settings.organisation.language,
        now=session.now.astimezone(session.zone),
    )
    mailer, box = smtp_mailer(settings, on_step=typer.echo), return_box(settings)
    failed = False
    try:
        mailer.send(mail)
        typer.echo(f"Ask {clean(person.name)} whether it arrived, and look among the unwanted mails, too.")
    except DeliveryError as error:
        failed = True
        note(f"Not taken: {error}.\n{_next_step(error)}")
    finally:
        mailer.close()
    if box is not None:
        try:
            next(iter(box.unread()), None)
            typer.echo("The mailbox for returned mails can be read.")
        except MailboxError as error:
            failed = True
            note(f"Returned mails cannot be read: {error}.\nCheck [mail] bounces and bounces_credential.")
        finally:
            box.close()
    if failed:
        raise typer.Exit(1)


def _next_step(error: "DeliveryError") -> str:
    told = str(error)
    if error.permanent:
        return "The server knows no such recipient: correct the person's address in the register."
    if "certificate" in told:
        return (
            "Check [mail] host, which must be the name in the certificate, and ca_file for a certificate of your own."
        )
    if "login" in told:
        return "Check [mail] username, and the password in the credential of password_credential."
    if error.is_server:
        return "Check [mail] host, port and security, and whether a firewall lets this machine through."
    return "Ask whoever runs the mail server to let this machine send mails as [mail] sender."
