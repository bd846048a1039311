"""The register: ``accounts import``, ``list``, ``show``, and its ``audit`` trail."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._coverage import coverage, said
from watchdaemon.cli._output import emit_json, emit_table, local_text, note, utc_text
from watchdaemon.cli._session import AsJson, Config, Session, opened, who
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.cli._coverage import Line
    from watchdaemon.domain.account import Account, Ownership, Register
    from watchdaemon.domain.audit import Change
    from watchdaemon.services.register import Prepared

_STYLES = {"approved": "green", "resting": "cyan", "applied": "yellow", "closing": "yellow", "closed": "dim"}


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    accounts = typer.Typer(no_args_is_help=True, help="The register of accounts, units and persons.")
    accounts.command("import")(import_file)
    accounts.command("list")(list_accounts)
    accounts.command("show")(show_account)
    program.add_typer(accounts, name="accounts", rich_help_panel="Register")
    program.command("audit", rich_help_panel="Register")(audit)


def import_file(
    ctx: typer.Context,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A .toml file, a folder of .csv files, or a .csv file of accounts.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask on a terminal.")] = False,
    close_missing: Annotated[
        bool, typer.Option("--close-missing", help="Set accounts that the file does not name to closed.")
    ] = False,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who changes it, for the audit trail.")] = None,
    config: Config = None,
) -> None:
    """Take the register from a file: shows what changes, then changes it.

    A file with any fault is refused as a whole, and every fault is named with its line. Importing the same file again
    changes nothing.

    \b
    watchdaemon accounts import accounts.toml --dry-run
    """
    from watchdaemon.services.register import apply, prepare

    with opened(ctx, config) as session:
        prepared = prepare(file, session.store.load_register(), on=session.today, close_missing=close_missing)
        _show_changes(prepared.changes)
        _tell_of_missing(prepared, close_missing=close_missing)
        if dry_run or not prepared.changes:
            return
        if not yes and sys.stdin.isatty() and not typer.confirm("Make these changes?"):
            note("Nothing was changed.")
            raise typer.Exit(1)
        apply(prepared, session.store, by=by or who(), at=session.now)
        typer.echo(f"{len(prepared.changes)} changes made.")


def _show_changes(changes: "Sequence[Change]") -> None:
    if not changes:
        typer.echo("No changes.")
        return
    rows = [(_sign(c), c.kind, c.key, c.field, c.before, c.after) for c in changes]
    emit_table(
        ["", "KIND", "KEY", "FIELD", "BEFORE", "AFTER"],
        rows,
        styles=lambda cell: {"+": "green", "-": "red", "~": "yellow"}.get(cell, ""),
    )


def _sign(change: "Change") -> str:
    if change.field:
        return "~"
    return "+" if change.before is None else "-"


def _tell_of_missing(prepared: "Prepared", *, close_missing: bool) -> None:
    if prepared.missing and not close_missing:
        names = ", ".join(prepared.missing)
        note(f"Not in the file, and left as they are (--close-missing closes them): {names}")


def list_accounts(
    ctx: typer.Context,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed accounts too.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the accounts with their status and who answers for them."""
    with opened(ctx, config) as session:
        register = session.store.load_register()
        accounts = [a for _, a in sorted(register.accounts.items()) if everything or as_json or a.status != "closed"]
        if as_json:
            emit_json(map(account_facts, accounts))
            return
        rows = [(a.key, a.platform, a.status, a.name, a.unit, _owners_on(a, session), a.manager) for a in accounts]
        heads = ["ACCOUNT", "PLATFORM", "STATUS", "NAME", "UNIT", "OWNERS TODAY", "MANAGER"]
        emit_table(heads, rows, styles=lambda cell: _STYLES.get(cell, ""))


def _owners_on(account: "Account", session: Session) -> str:
    return ", ".join(o.person for o in account.owners if o.role == "owner" and o.is_valid(session.today))


def account_facts(account: "Account") -> dict[str, object]:
    """Return an account as JSON has it."""
    return {
        "key": account.key,
        "platform": account.platform,
        "native_id": account.native_id,
        "name": account.name,
        "link": account.link,
        "unit": account.unit,
        "purpose": account.purpose,
        "manager": account.manager,
        "owners": [_owner_facts(o) for o in account.owners],
        "audience": account.audience,
        "audience_reason": account.audience_reason,
        "status": account.status,
        "resting_until": _day(account.resting_until),
        "approved_by": account.approved_by,
        "approved_on": _day(account.approved_on),
        "credential": account.credential,
        "warn_days": account.warn_days,
        "close_days": account.close_days,
        "own_ids": list(account.own_ids),
        "extra": dict(account.extra),
    }


def _owner_facts(owner: "Ownership") -> dict[str, object]:
    return {"person": owner.person, "role": owner.role, "from": _day(owner.from_on), "to": _day(owner.to_on)}


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def show_account(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its key, as `accounts list` shows it.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show all that the register says of one account, whom its mails reach today, and what is seen there."""
    with opened(ctx, config) as session:
        session.require_account(account)
        register = session.store.load_register()
        found = register.accounts[account]
        lines = _coverage(found, session)
        if as_json:
            kinds = [{"kind": line.kind, "cover": line.cover, "note": line.note} for line in lines]
            emit_json([{**account_facts(found), "coverage": kinds}])
            return
        emit_table(["FIELD", "VALUE"], [*_facts(found), *_people(register, found, session)])
        typer.echo("\nWhat is seen there:")
        for line in lines:
            typer.echo(f"  {line.kind or 'all'}: {said(line)}".replace("_", " "))
        if not lines:
            typer.echo(f"  nothing: there is no adapter for {found.platform}")


def _coverage(account: "Account", session: Session) -> "list[Line]":
    try:
        return coverage(session.settings, [account.platform], account=account)[0]
    except ConfigError:  # no adapter of that name; `doctor` and the watch log say so too
        return []


def _facts(account: "Account") -> list[tuple[str, object]]:
    from watchdaemon.services.register import facts

    return [("key", account.key), *facts(account).items()]


def _people(register: "Register", account: "Account", session: Session) -> list[tuple[str, object]]:
    readers = [f"{p.name} <{p.mail}>" for p in register.readers(account, session.today)]
    return [("mails today go to", ", ".join(readers) or "nobody")]


def audit(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Show every change of the register: who, when, what."""
    with opened(ctx, config) as session:
        trail = session.store.audit_trail()
        if as_json:
            emit_json(
                {
                    "at": utc_text(e.at),
                    "by": e.by,
                    "kind": e.change.kind,
                    "key": e.change.key,
                    "field": e.change.field,
                    "before": e.change.before,
                    "after": e.change.after,
                }
                for e in trail
            )
            return
        rows = [
            (local_text(e.at, session.zone), e.by, _sign(e.change), e.change.kind, e.change.key, e.change.field,
             e.change.before, e.change.after)
            for e in trail
        ]  # fmt: skip
        emit_table(["WHEN", "WHO", "", "KIND", "KEY", "FIELD", "BEFORE", "AFTER"], rows)
