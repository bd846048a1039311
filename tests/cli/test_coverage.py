"""The coverage matrix: every kind on every platform, with the limit or the reason."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from watchdaemon.cli._coverage import coverage
from watchdaemon.domain.fetch import Cover
from watchdaemon.domain.item import ItemKind
from watchdaemon.sandbox.scenario import exempelkommun
from watchdaemon.settings import load_settings

DOCS = Path(__file__).parents[2] / "docs"
PLATFORMS = {"facebook", "google_reviews", "instagram", "linkedin", "manual", "threads", "tiktok", "x", "youtube"}


def test_every_platform_speaks_of_every_kind_and_gives_its_reasons(run: Run) -> None:
    rows = json.loads(run("platforms", "--json").stdout)
    kinds = {name: sorted(r["kind"] for r in rows if r["platform"] == name) for name in PLATFORMS}

    assert all(found == sorted(ItemKind) for found in kinds.values())
    assert {r["cover"] for r in rows} <= {"covered", "partly", "by hand", "not covered"}
    assert all(r["note"] for r in rows if r["cover"] != "covered")
    assert [list(r) for r in rows] == [["platform", "kind", "cover", "note", "distribution"]] * len(rows)


def test_the_table_is_kinds_by_platforms_and_the_limits_stand_below(run: Run) -> None:
    head, threads, tiktok, _, *limits = run("platforms", "threads", "tiktok").stdout.splitlines()

    assert head.split("  ")[0] == "PLATFORM"
    assert head.split()[1:] == ["POST", "COMMENT", "VISITOR", "POST", "MENTION", "QUOTE", "MESSAGE", "REVIEW"]
    assert threads.split("  ")[0] == "threads"
    assert tiktok.count("by hand") == 5
    assert "threads message: not covered: Threads' API has no direct messages" in limits


def test_a_platform_that_nobody_knows_is_named(run: Run) -> None:
    result = run("platforms", "tiktak")

    assert result.exit_code == 2
    assert "no adapter for 'tiktak' (did you mean 'tiktok'?)" in result.stderr


def test_an_adapter_with_wrong_settings_hides_none_of_the_others(run: Run, config: Path) -> None:
    config.write_text(config.read_text() + "[platforms.threads]\nnothing = 1\n")
    result = run("platforms", "--json", "-c", config)
    rows = json.loads(result.stdout)

    assert result.exit_code == 1
    assert "[platforms.threads] has faults" in result.stderr
    assert [(r["kind"], r["cover"]) for r in rows if r["platform"] == "threads"] == [(None, "FAULT")]
    assert {r["platform"] for r in rows} >= PLATFORMS


def test_an_accounts_page_says_what_is_seen_there(run: Run, lived: Path) -> None:
    shown = run("accounts", "show", "biblioteket-fb", "-c", lived).stdout
    (facts,) = json.loads(run("accounts", "show", "biblioteket-fb", "--json", "-c", lived).stdout)

    assert "What is seen there:\n" in shown
    assert "  review: not covered: " in shown
    assert sorted(line["kind"] for line in facts["coverage"]) == sorted(ItemKind)


@pytest.mark.parametrize("name", ["coverage.md"])
def test_the_page_is_what_the_command_writes(run: Run, name: str) -> None:
    written = run("platforms", "--markdown").stdout

    assert (DOCS / name).read_text("utf-8") == written, f"run: watchdaemon platforms --markdown > docs/{name}"


def test_each_place_watched_by_hand_has_its_reason_on_its_page(run: Run) -> None:
    rows = json.loads(run("platforms", "--json").stdout)
    page = (DOCS / "coverage-by-hand.md").read_text("utf-8")
    by_hand = {r["platform"] for r in rows if r["cover"] == "by hand"}

    assert by_hand == {"google_reviews", "linkedin", "manual", "tiktok"}
    assert all(f"`{name}`" in page for name in by_hand)


def test_an_accounts_own_switch_takes_a_kind_out_of_its_matrix(config: Path) -> None:
    register = exempelkommun(date(2026, 11, 23), weeks=0).register()
    account = next(a for a in register.accounts.values() if a.platform == "x")
    without = replace(account, extra={"messages": "off"})

    told = [coverage(load_settings(config), ["x"], account=one)[0] for one in (account, without)]

    assert [line.cover for lines in told for line in lines if line.kind is ItemKind.MESSAGE] == [
        Cover.LIMITED,
        Cover.NONE,
    ]
