"""Items, questions, watch log and alerts, as tables and as JSON."""

import csv
import io
import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run

ITEM_KEYS = [
    "account", "platform", "external_id", "parent_id", "thread_id", "kind", "author", "author_id", "by_account",
    "text", "url", "published_at", "edited_at", "visibility",
]  # fmt: skip
QUESTION_KEYS = [*ITEM_KEYS, "due_at", "state", "reason", "answered_at", "answered_by"]
NOW = "2026-11-23T09:00"


def test_items_have_the_promised_keys_in_json(run: Run, lived: Path) -> None:
    items = json.loads(run("items", "--json", "-c", lived).stdout)

    assert [list(item) for item in items] == [ITEM_KEYS] * 4
    assert items[0]["external_id"] == "1_late"
    assert items[0]["published_at"] == "2026-11-18T08:00:00Z"
    assert items[0]["visibility"] == "public"
    assert [item["by_account"] for item in items] == [False, False, True, False]


def test_items_can_be_narrowed_by_time_in_the_organisations_zone(run: Run, lived: Path) -> None:
    since = run("items", "--since", "2026-11-23T08:00", "--json", "-c", lived)
    later = run("items", "--since", "2026-11-23T08:01", "--json", "-c", lived)

    assert [i["external_id"] for i in json.loads(since.stdout)] == ["1_new"]
    assert json.loads(later.stdout) == []


def test_a_text_in_a_table_cannot_steer_the_terminal(run: Run, lived: Path) -> None:
    table = run("items", "-c", lived).stdout

    assert "\x1b" not in table
    assert "Kan man låna [bold]surfplattor[/bold] [31m hos er?" in table


def test_questions_have_the_promised_keys_in_json(run: Run, lived: Path) -> None:
    questions = json.loads(run("questions", "--json", "--at", NOW, "-c", lived).stdout)
    by_id = {q["external_id"]: q for q in questions}

    assert [list(q) for q in questions] == [QUESTION_KEYS] * 3
    assert {key: q["state"] for key, q in by_id.items()} == {
        "1_late": "overdue",
        "1_done": "answered",
        "1_new": "open",
    }
    assert by_id["1_late"]["due_at"] == "2026-11-19T16:00:00Z"
    assert by_id["1_done"]["answered_by"] == "1_reply"
    assert by_id["1_done"]["answered_at"] == "2026-11-20T09:00:00Z"


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (["open"], ["1_late", "1_new"]),
        (["overdue"], ["1_late"]),
        (["answered"], ["1_done"]),
        (["overdue", "answered"], ["1_late", "1_done"]),
        (["dismissed"], []),
    ],
)
def test_questions_can_be_chosen_by_state(run: Run, lived: Path, states: list[str], found: list[str]) -> None:
    options = [part for state in states for part in ("--state", state)]
    result = run("questions", *options, "--json", "--at", NOW, "-c", lived)

    assert [q["external_id"] for q in json.loads(result.stdout)] == found


def test_questions_in_a_pipe_are_aligned_columns(run: Run, lived: Path) -> None:
    head, first, *_ = run("questions", "--at", NOW, "-c", lived).stdout.splitlines()

    assert head.split() == ["STATE", "DUE", "ACCOUNT", "AUTHOR", "TEXT", "ID"]
    assert first.startswith("overdue   Thu 2026-11-19 17:00  biblioteket-fb  Kim Medborgare  När öppnar")
    assert first.index("biblioteket-fb") == head.index("ACCOUNT")


def test_a_decision_shows_at_once_and_can_be_taken_back(run: Run, lived: Path) -> None:
    decide = ("questions", "decide", "biblioteket-fb", "1_late", "-c", lived)
    forwarded = run(*decide, "--as", "forwarded", "--by", "anna", "--note", "to the street office", "--at", NOW)
    after = json.loads(run("questions", "--state", "forwarded", "--json", "-c", lived).stdout)
    reopened = run(*decide, "--as", "reopened", "--by", "anna", "--at", "2026-11-23T09:05")

    assert (forwarded.exit_code, forwarded.stdout) == (0, "Recorded. The question is now: forwarded\n")
    assert [(q["external_id"], q["answered_by"]) for q in after] == [("1_late", "person:anna")]
    assert reopened.stdout == "Recorded. The question is now: overdue\n"


def test_a_decision_about_nothing_is_refused(run: Run, lived: Path) -> None:
    result = run("questions", "decide", "biblioteket-fb", "no-such", "--as", "removed", "-c", lived)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "has no item 'no-such'" in result.stderr


def test_the_watch_log_says_fetched_told_and_seen(run: Run, lived: Path) -> None:
    run("seen", "biblioteket-fb", "--by", "bo", "--at", "2026-11-23T10:00", "-c", lived)
    entries = {e["account"]: e for e in json.loads(run("watch-log", "--json", "--at", NOW, "-c", lived).stdout)}
    library, x = entries["biblioteket-fb"], entries["kommunen-x"]

    assert (library["window"], library["state"], library["coverage"]) == ("2026-11-23/1", "WATCHED", "complete")
    assert (library["fetched_at"], library["new_items"]) == ("2026-11-23T08:00:02Z", 4)
    assert (library["told_to"], library["seen_by"]) == (["anna", "bo"], "bo")
    assert library["seen_at"] == "2026-11-23T09:00:00Z"
    assert (x["state"], x["reason"], x["needs_person"]) == ("NOT WATCHED", "unauthorised", True)


def test_the_watch_log_as_csv_has_the_same_columns_as_json(run: Run, lived: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("watch-log", "--csv", "-c", lived).stdout)))
    entries = json.loads(run("watch-log", "--json", "-c", lived).stdout)

    assert [list(row) for row in rows] == [list(entry) for entry in entries]
    assert rows[0]["told_to"] == "anna;bo"


@pytest.mark.parametrize(("options", "count"), [(["--from", "2026-11-24"], 0), (["--to", "2026-11-23"], 2)])
def test_the_watch_log_can_be_narrowed_by_day(run: Run, lived: Path, options: list[str], count: int) -> None:
    assert len(json.loads(run("watch-log", *options, "--json", "-c", lived).stdout)) == count


def test_days_in_the_wrong_order_are_not_an_empty_watch_log(run: Run, lived: Path) -> None:
    result = run("watch-log", "--from", "2026-11-24", "--to", "2026-11-23", "-c", lived)

    assert result.exit_code == 2
    assert "--to: must not be before --from" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--by", "nobody"], "no person 'nobody'"),
        (["--by", "anna", "--window", "2026-11-22/1"], "no watch window 2026-11-22/1 that has opened"),
        (["--by", "anna", "--window", "2026-11-23/2"], "no watch window 2026-11-23/2 that has opened"),
    ],
)
def test_seen_refuses_strangers_and_windows_that_are_none(
    run: Run, lived: Path, options: list[str], message: str
) -> None:
    result = run("seen", "biblioteket-fb", *options, "--at", NOW, "-c", lived)

    assert result.exit_code == 2
    assert message in result.stderr


def test_seen_without_a_window_means_the_latest_one(run: Run, lived: Path) -> None:
    result = run("seen", "biblioteket-fb", "--by", "anna", "--at", "2026-11-29T12:00", "-c", lived)

    assert result.stdout == "Seen by anna in window 2026-11-27/2: biblioteket-fb\n"


def test_alerts_say_the_cause_and_the_accounts(run: Run, lived: Path) -> None:
    (alert,) = json.loads(run("alerts", "--json", "-c", lived).stdout)

    assert alert["accounts"] == ["kommunen-x"]
    assert (alert["kind"], alert["reason"]) == ("not_watched", "unauthorised")
    assert (alert["opened_at"], alert["closed_at"]) == ("2026-11-23T08:00:00Z", None)


@pytest.mark.parametrize("command", ["items", "questions", "watch-log"])
def test_a_misspelt_account_is_named(run: Run, lived: Path, command: str) -> None:
    result = run(command, "--account", "bibliotek-fb", "-c", lived)

    assert result.exit_code == 2
    assert "no account 'bibliotek-fb' in the register (did you mean 'biblioteket-fb'?)" in result.stderr


# ---- the life of a question


def test_a_question_is_shown_with_every_step_to_where_it_is(run: Run, lived: Path) -> None:
    run("questions", "decide", "biblioteket-fb", "1_new", "--as", "forwarded", "--by", "anna", "--note", "till IT",
        "--at", NOW, "-c", lived)  # fmt: skip

    shown = json.loads(run("questions", "show", "biblioteket-fb", "1_new", "--json", "--at", NOW, "-c", lived).stdout)

    assert shown["state"] == "forwarded"
    assert [(s["state"], s["by"], s["at"]) for s in shown["steps"]] == [
        ("open", None, "2026-11-23T07:00:00Z"),
        ("forwarded", "person:anna", "2026-11-23T08:00:00Z"),
    ]
    assert [(d["kind"], d["note"]) for d in shown["decisions"]] == [("forwarded", "till IT")]
    assert list(shown)[: len(QUESTION_KEYS)] == QUESTION_KEYS


def test_the_steps_of_an_answered_question_name_the_reply_and_the_working_time(run: Run, lived: Path) -> None:
    table = run("questions", "show", "biblioteket-fb", "1_done", "--at", NOW, "-c", lived).stdout
    shown = json.loads(run("questions", "show", "biblioteket-fb", "1_done", "--json", "-c", lived).stdout)

    assert "1_reply" in table
    assert "the account replied in the thread" in table
    assert shown["response_minutes"] == 60


def test_an_item_that_is_not_there_is_refused(run: Run, lived: Path) -> None:
    result = run("questions", "show", "biblioteket-fb", "nothing", "-c", lived)

    assert result.exit_code == 2
    assert "no judged item 'nothing'" in result.stderr


def test_a_word_about_removal_puts_an_item_on_the_list_and_takes_it_off(run: Run, lived: Path) -> None:
    def listed() -> list[str]:
        found = run("questions", "--state", "to-remove", "--json", "--at", NOW, "-c", lived).stdout
        return [q["external_id"] for q in json.loads(found)]

    def say(kind: str) -> None:
        run("questions", "decide", "biblioteket-fb", "1_new", "--as", kind, "--by", "anna", "--at", NOW, "-c", lived)

    before = listed()
    say("must_be_removed")
    said = listed()
    say("may_stay")

    assert (before, said, listed()) == ([], ["1_new"], [])


def test_what_owners_corrected_is_printed_for_the_training_script(run: Run, lived: Path) -> None:
    for external_id, kind in (
        ("1_new", "not_a_question"),
        ("1_late", "no_reply_needed"),
        ("1_done", "must_be_removed"),
    ):
        run(
            "questions", "decide", "biblioteket-fb", external_id, "--as", kind, "--by", "anna", "--at", NOW, "-c", lived
        )

    lines = [json.loads(line) for line in run("corrections", "-c", lived).stdout.splitlines()]

    assert sorted((line["id"], line["task"], line["label"]) for line in lines) == [
        ("biblioteket-fb/1_done", "abuse", 1),
        ("biblioteket-fb/1_new", "question", 0),
    ]
    assert {tuple(line) for line in lines} == {("id", "text", "task", "label")}
