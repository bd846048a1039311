"""All of triage on one text, and the filter around it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from watchdaemon.domain.question import Grade
from watchdaemon.triage import TASKS, answer, classify

EVALUATION = Path(__file__).parents[2] / ".." / "shared" / "eval"
SLOWEST_SECONDS = 2.0  # about forty times what it takes on an idle machine: this test is about growth, not about speed


def test_a_personal_number_makes_a_text_secret() -> None:
    triage = classify("Hej, när får jag svar? Mitt nummer är 780203-2396.")

    assert triage.grade is Grade.YES
    assert triage.is_secret
    assert triage.needs_removal
    assert triage.removal_reason == "personal number"


def test_a_phone_number_is_no_secret() -> None:
    triage = classify("Ring mig på 070-174 06 65")

    assert [s.type for s in triage.spans] == ["phone"]
    assert not triage.needs_removal


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Jag ska döda dig", "threat"),
        ("I will kill you", "threat"),
        ("Vi vet var du bor", "threat"),
        ("Din jävla idiot", "abuse"),
        ("håll käften", "abuse"),
        ("you are a fucking bitch", "abuse"),
        ("Tjäna snabba pengar! Klicka här https://vinst.example/x", "spam link"),
        ("subscribe to my channel", "spam link"),
        ("Free gift for you: www.gift.example", "spam link"),
    ],
)
def test_what_has_no_place_is_marked_with_its_class(text: str, why: str) -> None:
    triage = classify(text)

    assert triage.is_inappropriate
    assert triage.removal_reason == why


@pytest.mark.parametrize(
    "text",
    [
        "Det är slut på sand i lådan",
        "Vi ska hänga upp er skylt",
        "Ni ska skjuta upp mötet",
        "Ska ni döda lupinerna i diket",
        "Ni är idioter",
        "Läs här: https://exempelkommun.example/bygglov",
        "Det är så jävla bra",
        "Passa er för halkan",
        "Jag kommer att döda tid på biblioteket",
        "Cykeln är sönder, fan också",
    ],
)
def test_plain_speech_is_left_alone(text: str) -> None:
    assert not classify(text).needs_removal


def test_the_reasons_hold_no_personal_number() -> None:
    triage = classify("kan ni ringa 780203-2396")

    assert "780203" not in triage.reason + triage.removal_reason


@pytest.mark.parametrize(
    "piece",
    [
        "Det var en mycket fin dag och alla var glada över allt. ", "1", "0 ", "08 1234567 ", "780203-2396 ", "a",
        "a@", "a.a@a.a.", "och, ", "kan ni ", "?", '"', "http://", "\x00", "\u200b", " ",
        "SE45 5000 0000 0583 9825 7466 ", "SE45 AAAA ",
        "tjäna a ", "-", "(", ">", "\n", "a.", "0-0/0 (0) ", "så småningom ska ", "jag vill ha en ", "är det så ",
        "\U0001f600", "h o r a ", "f*", "storgatan 1 ", "min son adhd ", "konto 1234 ", "bg 1 ", "aaaa ",
    ],
)  # fmt: skip
def test_a_text_of_100_kb_is_no_way_to_stop_the_daemon(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]
    started = time.perf_counter()
    classify(text)

    assert time.perf_counter() - started < SLOWEST_SECONDS


# ---- the filter


def test_an_answer_has_all_its_fields() -> None:
    assert answer({"id": "7", "text": "När öppnar ni? 070-174 06 65"}) == {
        "id": "7",
        "label": 1,
        "grade": "yes",
        "reason": "a question mark",
        "spans": [{"start": 15, "end": 28, "type": "phone", "certainty": "certain"}],
    }


@pytest.mark.parametrize(
    ("task", "text", "label", "grade"),
    [
        ("question", "Hissen är sönder", 1, "maybe"),
        ("question", "Fint!", 0, "no"),
        ("pii", "780203-2396", 1, "yes"),
        ("pii", "Fint!", 0, "no"),
        ("abuse", "håll käften", 1, "yes"),
        ("abuse", "subscribe to my channel", 0, "no"),
        ("spam", "subscribe to my channel", 1, "yes"),
        ("spam", "håll käften", 0, "no"),
    ],
)
def test_each_task_answers_for_itself(task: str, text: str, label: int, grade: str) -> None:
    found = answer({"id": 1, "text": text, "task": task})

    assert (found["label"], found["grade"]) == (label, grade)
    assert found["reason"]


@pytest.mark.parametrize(
    ("record", "fault"), [({"id": 1}, "no text"), ({"text": 4}, "no text"), ({"text": "", "task": "x"}, "unknown task")]
)
def test_a_wrong_record_is_refused_with_the_reason(record: dict[str, object], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        answer(record)


def test_the_tasks_are_those_of_the_evaluation() -> None:
    assert TASKS == ("question", "pii", "abuse", "spam")


FILTER = """
import json, sys
from watchdaemon.triage import answer
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))))
"""


@pytest.mark.slow
@pytest.mark.skipif(
    not EVALUATION.is_dir(), reason="the labelled texts lie outside the repository, and here they are not"
)
@pytest.mark.parametrize(
    ("name", "least"),
    [("question.sv.nomark", 0.90), ("question.sv", 0.95), ("question.en.nomark", 0.85), ("pii.sv", 0.95)],
)
def test_the_rules_do_well_on_labelled_texts(name: str, least: float) -> None:
    command = [sys.executable, str(EVALUATION / "score.py"), "--dir", str(EVALUATION), "--only", name, "--json", "--"]
    run = subprocess.run([*command, sys.executable, "-c", FILTER], capture_output=True, check=True, timeout=100)
    report = json.loads(run.stdout)[name]

    assert report.get("ALL", report)["f1"] >= least
