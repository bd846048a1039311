"""Anyone can check the rule, without a configuration."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Run


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-12-23", "2026-12-28"),
        ("2026-12-30", "2027-01-04"),
        ("2027-01-05", "2027-01-07"),
        ("2027-03-25", "2027-03-30"),
        ("2027-05-05", "2027-05-07"),
        ("2027-06-24", "2027-06-28"),
        ("2026-11-20", "2026-11-23"),
        ("2027-04-30", "2027-05-03"),
    ],
)
def test_due_times_follow_the_organisations_rule(run: Run, asked: str, due: str) -> None:
    result = run("calendar", "--due", f"{asked}T10:00")

    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{asked} 10:00" in result.stdout
    assert f"{due} 17:00" in result.stdout


def test_due_times_in_json_are_utc(run: Run) -> None:
    result = run("calendar", "--due", "2026-12-23T10:00", "--due", "2027-06-24T23:30:00Z", "--json")

    assert json.loads(result.stdout) == [
        {"published_at": "2026-12-23T09:00:00Z", "due_at": "2026-12-28T16:00:00Z"},
        {"published_at": "2027-06-24T23:30:00Z", "due_at": "2027-06-28T15:00:00Z"},
    ]


def test_a_month_shows_days_off_and_windows(run: Run) -> None:
    days = {d["on"]: d for d in json.loads(run("calendar", "--month", "2026-12", "--json").stdout)}

    assert len(days) == 31
    assert days["2026-12-24"]["why_off"] == "Julafton"
    assert days["2026-12-24"]["windows"] == []
    assert days["2026-12-23"]["windows"] == ["08:00-12:00", "13:00-17:00"]
    assert days["2026-12-23"]["due_at"] == "2026-12-28T16:00:00Z"


def test_the_configurations_own_days_count(run: Run, config: Path) -> None:
    config.write_text(
        config.read_text() + '[calendar]\nclosed = [2026-12-28]\nhalf_days = {2026-12-29="08:00-12:00"}\n'
    )
    result = run("calendar", "--due", "2026-12-23T10:00", "-c", config)

    assert "Tue 2026-12-29 12:00" in result.stdout
    assert "Mon 28/12 (closed locally)" in result.stdout


@pytest.mark.parametrize("option", [("--month", "2026-13"), ("--month", "december"), ("--due", "soon")])
def test_what_is_no_time_is_refused(run: Run, option: tuple[str, str]) -> None:
    result = run("calendar", *option)

    assert result.exit_code == 2
    assert option[1] in result.stderr


@pytest.mark.parametrize("option", [("--month", "9999-12"), ("--due", "9999-12-31"), ("--due", "0001-01-01")])
def test_years_without_a_calendar_are_refused(run: Run, option: tuple[str, str]) -> None:
    result = run("calendar", *option)

    assert result.exit_code == 2
    assert "the year must be between" in result.stderr
