"""Text in, labels with reasons out: questions, personal data, and what may have to be removed. Pure.

Rules find what can be said for certain; a small linear model, whose weights lie beside the code, weighs what asks.
"""

from watchdaemon.triage._answer import TASKS, answer
from watchdaemon.triage._classify import classify
from watchdaemon.triage._offensive import LISTED_CLASSES
from watchdaemon.triage._personal import find_spans
from watchdaemon.triage._question import DEFAULT_THRESHOLD, judge_question
from watchdaemon.triage._removal import find_hits

__all__ = [
    "DEFAULT_THRESHOLD",
    "LISTED_CLASSES",
    "TASKS",
    "answer",
    "classify",
    "find_hits",
    "find_spans",
    "judge_question",
]
