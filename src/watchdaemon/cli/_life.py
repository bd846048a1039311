"""``questions show``: one item, with every step of its life."""

from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import emit_table, local_text, note, utc_text
from watchdaemon.cli._session import AsJson, At, Config, Session, opened
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.question import Decision, Question, Step

HIDDEN = "(must be removed and registered: see the link)"


def show(
    ctx: typer.Context,
    *,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT")],
    external_id: Annotated[str, typer.Argument(metavar="ID", help="The item's id, as `questions` shows it.")],
    at: At = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show one item: how it stands, and every step to it, by whom or by which own reply.

    The steps stay when the item's text is deleted.

    \b
    watchdaemon questions show biblioteket-fb 123_456
    """
    with opened(ctx, config, at=at) as session:
        question = session.store.question(account, external_id)
        steps = session.store.steps(account, external_id)
        if question is None and not steps:
            raise ConfigError(f"account {account!r} has no judged item {external_id!r}; see `watchdaemon questions`")
        decisions = _decisions(session, question)
        if as_json:
            _show_json(question, steps, decisions, session)
        else:
            _show_table(question, steps, decisions, session)


def _decisions(session: Session, question: "Question | None") -> "list[Decision]":
    if question is None:
        return []
    item = question.item
    found = session.store.decisions(item.account, item.thread_id)
    return [d for d in found if d.external_id == item.external_id]


def _show_json(question: "Question | None", steps: "list[Step]", decisions: "list[Decision]", session: Session) -> None:
    import json

    from watchdaemon.cli._reading import question_facts

    facts: dict[str, object] = {}
    if question is not None:
        verdict = question.verdict
        facts = {
            **question_facts(question, session.now),
            "grade": verdict.triage.grade,
            "is_holding": verdict.is_holding,
            "finish_due_at": utc_text(verdict.finish_due_at),
            "response_minutes": verdict.response_minutes,
            "unregistered_reply": verdict.unregistered_reply,
            "needs_removal": verdict.needs_removal,
            "removal_reason": verdict.triage.removal_reason,
        }
    facts["steps"] = [step_facts(step) for step in steps]
    facts["decisions"] = [
        {"at": utc_text(d.at), "kind": d.kind, "by": d.by, "note": d.note, "external_id": d.external_id}
        for d in decisions
    ]
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))


def step_facts(step: "Step") -> dict[str, object]:
    """Return a step as JSON has it."""
    return {
        "at": utc_text(step.at),
        "state": step.state or "none",
        "reason": step.reason,
        "by": step.by,
        "noticed_at": utc_text(step.noticed_at),
        "is_holding": step.is_holding,
        "needs_removal": step.needs_removal,
        "response_minutes": step.response_minutes,
    }


def _show_table(
    question: "Question | None", steps: "list[Step]", decisions: "list[Decision]", session: Session
) -> None:
    if question is not None:
        emit_table(["", "NOW"], list(_standing(question, session)))
        typer.echo("")
    rows = [
        (
            local_text(s.at, session.zone),
            f"{s.state or 'none'}{' (to finish)' if s.is_holding else ''}{' (to remove)' if s.needs_removal else ''}",
            s.reason,
            s.by,
            local_text(s.noticed_at, session.zone),
        )
        for s in steps
    ]
    emit_table(["SINCE", "STATE", "WHY", "BY", "NOTICED"], rows)
    notes = [d for d in decisions if d.note]
    if notes:
        typer.echo("")
        emit_table(
            ["SAID", "BY", "WORD", "NOTE"], [(local_text(d.at, session.zone), d.by, d.kind, d.note) for d in notes]
        )
    if not steps:
        note("No steps: it never asked for anything.")


def _standing(question: "Question", session: Session) -> list[tuple[str, object]]:
    item, verdict = question.item, question.verdict
    told: list[tuple[str, object]] = [
        ("state", question.shown_state(session.now)),
        ("why", verdict.reason),
        ("text", HIDDEN if verdict.triage.is_secret else item.text),
        ("author", item.author or "unknown"),
        ("written", local_text(item.published_at, session.zone)),
        ("due", local_text(verdict.due_at, session.zone)),
        ("first answer", local_text(verdict.answered_at, session.zone)),
        ("working minutes to it", verdict.response_minutes),
        ("to be finished by", local_text(verdict.finish_due_at, session.zone)),
        ("answered by a profile that is not registered", verdict.unregistered_reply),
        ("link", item.url),
    ]
    return [(name, value) for name, value in told if value not in {None, ""}]
