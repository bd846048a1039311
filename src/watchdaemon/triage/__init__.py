"""Text in, labels with reasons out: questions, personal data, and what may have to be removed. Pure, by rules."""

from watchdaemon.triage._answer import TASKS, answer
from watchdaemon.triage._classify import classify
from watchdaemon.triage._personal import find_spans
from watchdaemon.triage._question import judge_question

__all__ = ["TASKS", "answer", "classify", "find_spans", "judge_question"]
