"""Changing what stands on a platform: ``moderate hide | unhide | delete | approve | reply``, and ``moderate log``."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import clean, emit_json, emit_table, local_text, note
from watchdaemon.cli._session import AsJson, At, Config, OneAccount, built, opened, settings_of
from watchdaemon.domain.moderation import Action, Outcome
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.moderation import ModerationEntry
    from watchdaemon.services.moderation import Plan

_Command = Callable[..., None]

_HELP = {
    Action.HIDE: "Hide an item from the public; it can be shown again.",
    Action.UNHIDE: "Show a hidden item again.",
    Action.DELETE: "Delete an item for good; its words stay in the database here.",
    Action.APPROVE: "Show an item that the platform holds for review.",
    Action.REPLY: "Answer an item as the account.",
}
_SHORT = 40

Account = Annotated[str, typer.Argument(metavar="ACCOUNT")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The item's id, as `items` and `questions` show it.")]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help="Who decided it; a person of the register.")]
Why = Annotated[str, typer.Option("--why", help="The reason; kept with the order.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this nothing is sent.")]


def add_to(program: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(
        help="Hide, delete, approve or answer items on their platforms.", no_args_is_help=True, rich_markup_mode=None
    )
    for action in Action:
        command = _replying if action is Action.REPLY else _ordering(action)
        group.command(action.value, help=_help(action))(command)
    group.command("log")(log)
    program.add_typer(group, name="moderate", rich_help_panel="Working")


def _help(action: Action) -> str:
    text = ' --text "Vi öppnar klockan 9."' if action is Action.REPLY else ""
    return (
        f"{_HELP[action]}\n\nShows what would be sent; sends it with --yes. Where the platform lets no program do it, "
        "says where a person can.\n\n"
        f'\b\nwatchdaemon moderate {action} biblioteket-fb 123_456{text} --by anna --why "…"'
    )


def _ordering(action: Action) -> _Command:
    def command(
        ctx: typer.Context,
        *,
        account: Account,
        external_id: Id,
        by: By,
        why: Why,
        yes: Yes = False,
        config: Config = None,
    ) -> None:
        _give(ctx, config, _Wish(account=account, external_id=external_id, action=action, by=by, why=why), is_meant=yes)

    return command


def _replying(
    ctx: typer.Context,
    *,
    account: Account,
    external_id: Id,
    text: Annotated[str, typer.Option("--text", help="What to answer.")],
    by: By,
    why: Why = "an answer",
    yes: Yes = False,
    config: Config = None,
) -> None:
    wish = _Wish(account=account, external_id=external_id, action=Action.REPLY, by=by, why=why, text=text)
    _give(ctx, config, wish, is_meant=yes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What the command line says: an `Order`, which is loaded only when it is needed."""

    account: str
    external_id: str
    action: Action
    by: str
    why: str
    text: str = ""


def _give(ctx: typer.Context, config: Config, wish: _Wish, *, is_meant: bool) -> None:
    from watchdaemon.daemon.logs import configure_logging
    from watchdaemon.handwritten import nearest_key
    from watchdaemon.services.moderation import Order

    settings = settings_of(ctx, config)
    configure_logging(level="warning", style=settings.log.format)
    with built(settings) as app:
        register = app.register()
        if wish.account not in register.accounts:
            near = nearest_key(wish.account, register.accounts)
            raise ConfigError(f"there is no account {wish.account!r} in the register{near}")
        if wish.by not in register.persons:
            raise ConfigError(f"there is no person {wish.by!r} in the register")
        plan = app.moderation.plan(register.accounts[wish.account], Order(**asdict(wish)))
        _show_plan(plan)
        if not plan.is_supported:
            note(f"{plan.account.platform} lets no program {wish.action} this. A person can, at: {plan.link}")
            raise typer.Exit(1)
        if not is_meant:
            typer.echo("Nothing was sent. To do it, say --yes.")
            return
        _show_end(app.moderation.carry_out(plan), plan)


def _show_plan(plan: "Plan") -> None:
    item = plan.item
    typer.echo(f"{plan.order.action} on {plan.account.key} ({plan.account.platform}), {item.kind} {item.external_id}")
    typer.echo(f"  by {clean(item.author) or 'somebody'}, now {item.visibility}: {clean(item.text)}")
    if plan.order.text:
        typer.echo(f"  answer: {clean(plan.order.text, longest=10_000)}")
    if plan.earlier is not None:
        note("The same was ordered before, and nobody knows what came of it: it is read again before it is sent.")


def _show_end(entry: "ModerationEntry", plan: "Plan") -> None:
    words = {
        Outcome.DONE: "Done, and seen by reading again." if entry.is_verified else "Done, by the platform's word.",
        Outcome.REFUSED: "Refused by the platform: nothing was changed.",
        Outcome.UNKNOWN: f"Nobody knows whether it was done. Look at {plan.link} before ordering it again.",
    }
    said = words[entry.outcome or Outcome.UNKNOWN]
    detail = f" ({clean(entry.detail)})" if entry.detail else ""
    if entry.outcome is not Outcome.DONE:
        note(said + detail)
        if entry.outcome is Outcome.REFUSED:
            key = plan.account.key
            note(f"`watchdaemon doctor {key}` says whether the credential lacks a right to write, and how to get it.")
        raise typer.Exit(1)
    typer.echo(said + detail)


def log(
    ctx: typer.Context, *, account: OneAccount = None, as_json: AsJson = False, at: At = None, config: Config = None
) -> None:
    """Show what was ordered: by whom, why, when, and what came of it.

    \b
    watchdaemon moderate log --account biblioteket-fb
    """
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        entries = session.store.moderations(account=account)
        if as_json:
            emit_json([_as_json(entry) for entry in entries])
            return
        rows = [
            (
                local_text(e.begun_at, session.zone),
                e.account,
                e.external_id,
                e.action,
                _state(e),
                e.by,
                clean(e.why, longest=_SHORT),
            )
            for e in entries
        ]
        emit_table(["WHEN", "ACCOUNT", "ID", "ORDER", "OUTCOME", "BY", "WHY"], rows)


def _state(entry: "ModerationEntry") -> str:
    if entry.outcome is Outcome.DONE:
        return "done, seen" if entry.is_verified else "done"
    return "unknown" if entry.is_open else str(entry.outcome)


def _as_json(entry: "ModerationEntry") -> dict[str, object]:
    moments = {
        "begun_at": entry.begun_at.isoformat(),
        "ended_at": entry.ended_at.isoformat() if entry.ended_at is not None else None,
    }
    return {**asdict(entry), **moments}
