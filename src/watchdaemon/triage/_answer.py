"""Triage as a filter: one record in, one record out, as ``watchdaemon classify`` writes them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from watchdaemon.domain.question import Grade, Span
from watchdaemon.triage._folding import lowered
from watchdaemon.triage._personal import find_spans
from watchdaemon.triage._question import DEFAULT_THRESHOLD, judge_question
from watchdaemon.triage._removal import find_hits, is_offensive, removal_reason
from watchdaemon.triage._spam import may_be_spam

TASKS: Final = ("question", "pii", "abuse", "spam")


def answer(record: Mapping[str, object], threshold: float = DEFAULT_THRESHOLD) -> dict[str, object]:
    """Answer one record ``{"id", "text"[, "task"]}`` with ``{"id", "label", "grade", "reason", "spans"}``.

    `label` is 1 for "yes" and "maybe" (rather one item too many before a person than one lost), 0 for "no". `spans`
    holds the personal data found, whatever the task, and for the tasks abuse and spam also what may have no place.

    Raises:
        ValueError: The record has no text, or its task is unknown; says which.
    """
    text, task = record.get("text"), record.get("task", "question")
    if not isinstance(text, str):
        raise ValueError(f"record {record.get('id')!r} has no text")  # noqa: TRY004 - wrong data, not a wrong call
    if task not in TASKS:
        raise ValueError(f"record {record.get('id')!r} has the unknown task {task!r}; there are {', '.join(TASKS)}")
    spans = find_spans(text)
    if task == "question":
        grade, reason = judge_question(text, threshold)
    elif task == "pii":
        kinds = ", ".join(sorted({span.type for span in spans}))
        grade, reason = (Grade.YES, kinds) if kinds else _NOTHING
    else:
        hits = find_hits(text)
        spans = (*spans, *hits)
        grade, reason = _abuse(hits) if task == "abuse" else _spam(text, hits)
    label = int(grade is not Grade.NO)
    return {
        "id": record.get("id"),
        "label": label,
        "grade": grade.value,
        "reason": reason,
        "spans": [asdict(span) for span in spans],
    }


_NOTHING: Final = (Grade.NO, "nothing found")


def _abuse(hits: tuple[Span, ...]) -> tuple[Grade, str]:
    offences = tuple(hit for hit in hits if is_offensive((hit,)))
    if not offences:
        return _NOTHING
    is_sure = any(hit.certainty == "certain" for hit in offences)
    return Grade.YES if is_sure else Grade.MAYBE, removal_reason(offences) or ""


def _spam(text: str, hits: tuple[Span, ...]) -> tuple[Grade, str]:
    found = [hit for hit in hits if hit.type == "spam link"]
    if any(hit.certainty == "certain" for hit in found):
        return Grade.YES, "spam link"
    return (Grade.MAYBE, "written like spam") if found or may_be_spam(text, lowered(text).text) else _NOTHING
