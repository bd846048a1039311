"""What a person must act on: ``alerts``, who was told of them, and silences."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import emit_json, emit_table, local_text, utc_text
from watchdaemon.cli._session import AsJson, At, Config, OneAccount, instant, opened, who
from watchdaemon.domain.alert import AlertKind, Silence
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.alert import Alert, AlertTelling

_LONGEST = timedelta(days=92)
"""So long a silence may be: longer ones are forgotten, and should be a change in the register."""


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True, callback=None)
    group.callback(invoke_without_command=True)(alerts)
    group.command("silence")(silence)
    group.command("unsilence")(unsilence)
    group.command("silences")(silences)
    program.add_typer(group, name="alerts", rich_help_panel="Looking")


def alerts(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what a person must act on, one line for each cause, and who was told of it."""
    if ctx.invoked_subcommand is not None:
        return
    from watchdaemon.alerts import explained_by

    with opened(ctx, config) as session:
        found = session.store.alerts(only_open=not everything)
        is_open = [a for a in found if a.closed_at is None]
        told: dict[int, list[AlertTelling]] = {}
        for telling in session.store.alert_tellings(since=datetime.fromtimestamp(0, tz=session.zone)):
            told.setdefault(telling.alert, []).append(telling)
        if as_json:
            emit_json(alert_facts(a, told.get(a.id or 0, []), explained_by(a, is_open)) for a in found)
            return
        local: Callable[[datetime | None], str] = lambda moment: local_text(moment, session.zone)  # noqa: E731 - short
        rows = [
            (
                local(a.opened_at),
                local(a.closed_at),
                a.kind,
                ", ".join(a.accounts) or a.cause,
                a.reason or (f"items: {len(a.items)}" if a.items else ""),
                ", ".join(t.person for t in told.get(a.id or 0, [])),
                a.detail,
            )
            for a in found
        ]
        emit_table(["SINCE", "OVER", "KIND", "ACCOUNTS", "WHY", "TOLD", "DETAIL"], rows)


def silence(
    ctx: typer.Context,
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why nothing is to be told.")],
    until: Annotated[str, typer.Option("--until", metavar="TIME", help="When it ends, such as 2026-12-01T08:00.")],
    kind: Annotated[AlertKind | None, typer.Option("--kind", help="Only alerts of this kind.")] = None,
    account: OneAccount = None,
    by: Annotated[str | None, typer.Option("--by", metavar="PERSON", help="Who says so; you when left out.")] = None,
    at: At = None,
    config: Config = None,
) -> None:
    """Tell no alerts of a kind, or of an account, for a while. Watch gaps and secret data are told all the same.

    \b
    watchdaemon alerts silence --kind stale --account badet-ig --until 2027-01-11 --reason "closed for rebuilding"
    """
    from watchdaemon.alerts import NEVER_SILENT

    if kind is None and account is None:
        raise typer.BadParameter("name a --kind, an --account, or both: everything at once cannot be silenced")
    if kind in NEVER_SILENT:
        raise typer.BadParameter(f"--kind: {kind.value} cannot be silenced: watch gaps and secret data are always told")
    if not reason.strip():
        raise typer.BadParameter("--reason: say why")
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        ends_at = instant(until, session.zone, option="--until")
        if not session.now < ends_at <= session.now + _LONGEST:
            raise typer.BadParameter(f"--until: must be ahead, and at most {_LONGEST.days} days")
        kept = session.store.begin_silence(
            Silence(by=by or who(), reason=reason, begins_at=session.now, ends_at=ends_at, kind=kind, account=account)
        )
        typer.echo(f"Silence {kept.id} holds until {local_text(ends_at, session.zone)}.")


def unsilence(
    ctx: typer.Context,
    *,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `alerts silences` shows it.")],
    at: At = None,
    config: Config = None,
) -> None:
    """End a silence. What is still open is told at the daemon's next pass."""
    with opened(ctx, config, at=at) as session:
        try:
            session.store.end_silence(number, at=session.now)
        except KeyError as error:
            raise ConfigError(f"there is no silence {number}; see `watchdaemon alerts silences --all`") from error
        typer.echo(f"Silence {number} is over.")


def silences(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the silences that hold: whose, why and until when."""
    with opened(ctx, config, at=at) as session:
        found = [s for s in session.store.silences() if everything or s.ends_at > session.now]
        if as_json:
            emit_json(map(silence_facts, found))
            return
        rows = [
            (
                s.id,
                s.kind or "every kind",
                s.account or "every account",
                local_text(s.begins_at, session.zone),
                local_text(s.ends_at, session.zone),
                s.by,
                s.reason,
            )
            for s in found
        ]
        emit_table(["NUMBER", "KIND", "ACCOUNT", "FROM", "UNTIL", "BY", "REASON"], rows)


def alert_facts(alert: "Alert", told: "list[AlertTelling]", explained: AlertKind | None) -> dict[str, object]:
    """Return an alert as JSON has it."""
    return {
        "id": alert.id,
        "kind": alert.kind,
        "cause": alert.cause,
        "accounts": list(alert.accounts),
        "items": list(alert.items),
        "reason": alert.reason,
        "detail": alert.detail,
        "opened_at": utc_text(alert.opened_at),
        "closed_at": utc_text(alert.closed_at),
        "told_at": utc_text(alert.told_at),
        "explained_by": explained if alert.closed_at is None else None,
        "told": [
            {
                "person": t.person,
                "items": list(t.items),
                "first_at": utc_text(t.first_at),
                "last_at": utc_text(t.last_at),
                "times": t.times,
                "over_at": utc_text(t.over_at),
            }
            for t in told
        ],
    }


def silence_facts(silence: Silence) -> dict[str, object]:
    """Return a silence as JSON has it."""
    return {
        "id": silence.id,
        "kind": silence.kind,
        "account": silence.account,
        "by": silence.by,
        "reason": silence.reason,
        "begins_at": utc_text(silence.begins_at),
        "ends_at": utc_text(silence.ends_at),
    }
