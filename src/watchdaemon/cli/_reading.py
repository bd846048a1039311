"""What was found and done: ``items``, ``questions``, ``watch-log``."""

import csv
import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._by_hand import add_item
from watchdaemon.cli._life import HIDDEN as _HIDDEN
from watchdaemon.cli._life import show
from watchdaemon.cli._output import emit_json, emit_table, local_text, utc_text
from watchdaemon.cli._session import AsJson, At, Config, OneAccount, Session, instant, local_day, opened, who
from watchdaemon.domain.question import Decision, DecisionKind, QuestionState
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.item import Item
    from watchdaemon.domain.question import Question
    from watchdaemon.domain.watch import WatchEntry

_PANEL = "Looking"
_STYLES = {
    "overdue": "bold red", "open": "yellow", "answered": "green", "forwarded": "green",
    "WATCHED": "green", "PARTLY": "yellow", "NOT WATCHED": "bold red",
}  # fmt: skip


class State(StrEnum):
    """What ``questions --state`` takes."""

    OPEN = "open"  # overdue ones too
    OVERDUE = "overdue"
    ANSWERED = "answered"
    FORWARDED = "forwarded"
    DISMISSED = "dismissed"
    REMOVED = "removed"
    GONE = "gone"
    TO_REMOVE = "to-remove"  # waits for a person to look at it for removal
    TO_FINISH = "to-finish"  # an answer was promised and is still to come


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    stored = typer.Typer(invoke_without_command=True, callback=None)
    stored.callback(invoke_without_command=True)(items)
    stored.command("add")(add_item)
    program.add_typer(stored, name="items", rich_help_panel=_PANEL)
    group = typer.Typer(invoke_without_command=True, callback=None)
    group.callback(invoke_without_command=True)(questions)
    group.command("show")(show)
    group.command("decide")(decide)
    program.add_typer(group, name="questions", rich_help_panel=_PANEL)
    program.command("watch-log", rich_help_panel=_PANEL)(watch_log)


# ---- items and questions ---------------------------------------------------------------------------------------


def items(
    ctx: typer.Context,
    *,
    account: OneAccount = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Published then or later; 2026-11-23 or 2026-11-23T08:00."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show everything stored: posts, comments, mentions and messages, own ones too.

    \b
    watchdaemon items --account biblioteket-fb --since 2026-11-01
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened(ctx, config) as session:
        session.require_account(account)
        from_at = None if since is None else instant(since, session.zone, option="--since")
        found = session.store.items(account=account, since=from_at)
        if as_json:
            emit_json(map(item_facts, found))
            return
        secret = {q.item.key for q in session.store.questions() if q.verdict.triage.is_secret}
        rows = [
            (
                local_text(i.published_at, session.zone),
                i.account,
                i.kind,
                "own" if i.by_account else (i.author or "unknown"),
                i.visibility,
                _HIDDEN if i.key in secret else i.text,
                i.external_id,
            )
            for i in found
        ]
        emit_table(["PUBLISHED", "ACCOUNT", "KIND", "AUTHOR", "VISIBILITY", "TEXT", "ID"], rows)


def item_facts(item: "Item") -> dict[str, object]:
    """Return an item as JSON has it; these names are relied on."""
    return {
        "account": item.account,
        "platform": item.platform,
        "external_id": item.external_id,
        "parent_id": item.parent_id,
        "thread_id": item.thread_id,
        "kind": item.kind,
        "author": item.author,
        "author_id": item.author_id,
        "by_account": item.by_account,
        "text": item.text,
        "url": item.url,
        "published_at": utc_text(item.published_at),
        "edited_at": utc_text(item.edited_at),
        "visibility": item.visibility,
    }


def questions(
    ctx: typer.Context,
    *,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", "-s", help="Only those; open includes overdue. May be given several times."),
    ] = None,
    account: OneAccount = None,
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the questions to the organisation: when each is due and what became of it.

    \b
    watchdaemon questions --state overdue
    watchdaemon questions decide biblioteket-fb 123_456 --as answered_elsewhere --by anna
    """
    if ctx.invoked_subcommand is not None:
        return
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        found = _select(session, state or [], account)
        if as_json:
            emit_json(question_facts(q, session.now) for q in found)
            return
        rows = [
            (
                q.shown_state(session.now),
                local_text(q.verdict.due_at, session.zone),
                q.item.account,
                q.item.author or "unknown",
                _HIDDEN if q.verdict.triage.is_secret else q.item.text,
                q.item.external_id,
            )
            for q in found
        ]
        emit_table(["STATE", "DUE", "ACCOUNT", "AUTHOR", "TEXT", "ID"], rows, styles=lambda cell: _STYLES.get(cell, ""))


def _select(session: Session, states: list[State], account: str | None) -> "list[Question]":
    accounts = None if account is None else [account]
    found = [
        q
        for q in session.store.questions(accounts=accounts)
        if (q.verdict.state is not None and not states) or any(_fits(q, state, session.now) for state in states)
    ]
    latest = datetime.max.replace(tzinfo=session.zone)
    return sorted(found, key=lambda q: (q.verdict.due_at or latest, q.item.key))


def _fits(question: "Question", state: State, now: datetime) -> bool:
    if state is State.OVERDUE:
        return question.is_overdue(now)
    if state is State.TO_REMOVE:
        gone = {QuestionState.REMOVED, QuestionState.GONE}
        return question.verdict.needs_removal and question.verdict.state not in gone
    if state is State.TO_FINISH:
        return question.verdict.is_holding
    return question.verdict.state is not None and question.verdict.state.value == state.value


def question_facts(question: "Question", now: datetime) -> dict[str, object]:
    """Return a question as JSON has it: an item's keys and five more."""
    verdict = question.verdict
    return {
        **item_facts(question.item),
        "due_at": utc_text(verdict.due_at),
        "state": question.shown_state(now),
        "reason": verdict.reason,
        "answered_at": utc_text(verdict.answered_at),
        "answered_by": verdict.answered_by,
    }


def decide(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    external_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id, as `questions` shows it.")],
    kind: Annotated[DecisionKind, typer.Option("--as", help="What became of it.")],
    by: Annotated[str | None, typer.Option("--by", metavar="PERSON", help="Who says so; you when left out.")] = None,
    text: Annotated[str, typer.Option("--note", metavar="TEXT", help="To whom it was forwarded, or why.")] = "",
    at: At = None,
    config: Config = None,
) -> None:
    """Record what a person decided about a question. The newest decision holds; reopened takes it back.

    \b
    watchdaemon questions decide biblioteket-fb 123_456 --as forwarded --by anna --note "to streets"
    """
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        decision = Decision(
            account=account, external_id=external_id, kind=kind, by=by or who(), at=session.now, note=text
        )
        try:
            session.store.record_decision(decision)
        except KeyError as error:
            raise ConfigError(f"account {account!r} has no item {external_id!r}") from error
        session.judge_anew()
        found = [q for q in session.store.questions(accounts=[account]) if q.item.external_id == external_id]
        typer.echo(f"Recorded. The question is now: {found[0].shown_state(session.now) if found else 'no question'}")


# ---- the watch log ---------------------------------------------------------------------------------------------


def watch_log(
    ctx: typer.Context,
    *,
    account: OneAccount = None,
    from_on: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day, 2026-11-23.")] = None,
    to_on: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")] = False,
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show, per account and window: fetched, told, seen; or why not.

    A machine's fetch is not a person's watching: the three stand beside each other.

    \b
    watchdaemon watch-log --account biblioteket-fb --from 2026-11-23
    """
    first, last = local_day(from_on, option="--from"), local_day(to_on, option="--to")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter("--to: must not be before --from")
    with opened(ctx, config, at=at) as session:
        session.require_account(account)
        entries = session.store.entries(account=account, from_on=first, to_on=last)
        facts = [entry_facts(e, session.now) for e in entries]
        if as_json:
            emit_json(facts)
        elif as_csv:
            _emit_csv(facts)
        else:
            _show_entries(entries, session)


def _show_entries(entries: "list[WatchEntry]", session: Session) -> None:
    from watchdaemon.rules.schedule import watch_state

    rows = [
        (
            e.window.key,
            e.account,
            watch_state(e, e.window, session.now),
            "" if e.is_by_hand else local_text(e.fetched_at, session.zone),
            e.new_items or "",
            "" if e.reason is None or e.is_watched else f"{e.reason}: {e.detail}",
            f"{local_text(e.told_at, session.zone)} {', '.join(e.told_to)}".strip(),
            f"{local_text(e.seen_at, session.zone)} {e.seen_by or ''}".strip(),
        )
        for e in entries
    ]
    heads = ["WINDOW", "ACCOUNT", "STATE", "FETCHED", "NEW", "WHY NOT", "TOLD", "SEEN"]
    emit_table(heads, rows, styles=lambda cell: _STYLES.get(cell, ""))


def entry_facts(entry: "WatchEntry", now: datetime) -> dict[str, object]:
    """Return an entry of the watch log as JSON has it."""
    from watchdaemon.rules.schedule import watch_state

    return {
        "account": entry.account,
        "window": entry.window.key,
        "on": entry.window.on.isoformat(),
        "index": entry.window.index,
        "opens_at": utc_text(entry.window.opens_at),
        "closes_at": utc_text(entry.window.closes_at),
        "state": watch_state(entry, entry.window, now),
        "coverage": entry.coverage,
        "fetched_at": utc_text(entry.fetched_at),
        "attempts": entry.attempts,
        "items": entry.items,
        "new_items": entry.new_items,
        "malformed": entry.malformed,
        "reason": entry.reason,
        "detail": entry.detail,
        "needs_person": entry.needs_person,
        "told_at": utc_text(entry.told_at),
        "told_to": list(entry.told_to),
        "seen_at": utc_text(entry.seen_at),
        "seen_by": entry.seen_by,
        "watched_by": _watched_by(entry),
    }


def _watched_by(entry: "WatchEntry") -> str | None:
    """Say whose watching it was: a fetch's, or a person's where only a person can; None when it was nobody's."""
    if not entry.is_watched:
        return None
    return "person" if entry.is_confirmed else "fetch"


_CSV_HEADS = (
    *("account", "window", "on", "index", "opens_at", "closes_at", "state", "coverage", "fetched_at", "attempts"),
    *(
        "items",
        "new_items",
        "malformed",
        "reason",
        "detail",
        "needs_person",
        "told_at",
        "told_to",
        "seen_at",
        "seen_by",
        "watched_by",
    ),
)


def _emit_csv(facts: list[dict[str, object]]) -> None:
    writer = csv.DictWriter(sys.stdout, _CSV_HEADS, lineterminator="\n")
    writer.writeheader()
    for row in facts:
        told = row["told_to"]
        writer.writerow({**row, "told_to": ";".join(told) if isinstance(told, list) else ""})
