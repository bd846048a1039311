"""Triage as a filter: one record in, one record out, as ``watchdaemon classify`` writes them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from watchdaemon.domain.question import Grade
from watchdaemon.triage._personal import find_spans
from watchdaemon.triage._question import judge_question
from watchdaemon.triage._removal import find_abuse, find_spam

TASKS: Final = ("question", "pii", "abuse", "spam")


def answer(record: Mapping[str, object]) -> dict[str, object]:
    """Answer one record ``{"id", "text"[, "task"]}`` with ``{"id", "label", "grade", "reason", "spans"}``.

    `label` is 1 for "yes" and "maybe" (rather one item too many before a person than one lost), 0 for "no". `spans`
    holds the personal data found, whatever the task.

    Raises:
        ValueError: The record has no text, or its task is unknown; says which.
    """
    text, task = record.get("text"), record.get("task", "question")
    if not isinstance(text, str):
        raise ValueError(f"record {record.get('id')!r} has no text")  # noqa: TRY004 - wrong data, not a wrong call
    if task not in TASKS:
        raise ValueError(f"record {record.get('id')!r} has the unknown task {task!r}; there are {', '.join(TASKS)}")
    spans = [asdict(span) for span in find_spans(text)]
    if task == "question":
        grade, reason = judge_question(text)
    else:
        grade, reason = _found({"pii": _kinds, "abuse": find_abuse, "spam": find_spam}[task](text))
    label = int(grade is not Grade.NO)
    return {"id": record.get("id"), "label": label, "grade": grade.value, "reason": reason, "spans": spans}


def _kinds(text: str) -> str | None:
    return ", ".join(sorted({span.type for span in find_spans(text)})) or None


def _found(what: str | None) -> tuple[Grade, str]:
    return (Grade.YES, what) if what else (Grade.NO, "nothing found")
