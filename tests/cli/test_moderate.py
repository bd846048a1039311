"""``moderate`` on the command line, against the sandbox's Facebook over real HTTP."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.moderation.places import PLACES

from watchdaemon.clock import system_clock
from watchdaemon.sandbox.faults import Fault, FaultKind
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import World, WorldItem

REGISTER = """
units = [{ key = "info", name = "Info", manager = "bo" }]
persons = [
    { key = "anna", name = "Anna", mail = "anna@example.org" },
    { key = "bo", name = "Bo", mail = "bo@example.org" },
]

[[accounts]]
key = "kommunen"
platform = "facebook"
native_id = "%s"
name = "Exempelkommun"
link = "https://www.facebook.com/exempelkommun"
unit = "info"
owners = ["anna", "bo"]
credential = "sidan"
approved_by = "bo"
approved_on = 2026-01-12
"""
WHY = ("--by", "anna", "--why", "names a neighbour")


@dataclass
class Hall:
    """A fetched page, and the platform behind it."""

    config: Path
    server: SandboxServer
    comment: WorldItem

    @property
    def is_hidden(self) -> bool:
        """Whether the platform hides the comment."""
        found = self.server.world.find(self.comment.id)
        return found is not None and found.is_hidden(self.server.world.now())


@pytest.fixture
def hall(run: Run, config: Path, tmp_path: Path) -> Iterator[Hall]:
    """A page with a comment about a neighbour, fetched."""
    place = PLACES["facebook"]
    world = World(system_clock, place.accounts())
    _, comment, _ = [world.add(i) for i in place.items(system_clock())]
    with SandboxServer(world) as server:
        config.write_text(
            config.read_text("utf-8")
            + f'[platforms.facebook]\nbase_url = "{server.base_url("facebook")}"\nmessages = false\n'
        )
        (tmp_path / "credentials" / "sidan").write_text("hemlig\n")
        (tmp_path / "accounts.toml").write_text(REGISTER % place.me, "utf-8")
        imported = run("accounts", "import", tmp_path / "accounts.toml", "-c", config)
        assert imported.exit_code == 0, imported.stderr
        polled = run("poll", "-c", config)
        assert polled.exit_code == 0, polled.stderr
        yield Hall(config, server, comment)


def test_without_yes_it_is_said_and_not_done(run: Run, hall: Hall) -> None:
    said = run("moderate", "hide", "kommunen", hall.comment.id, *WHY, "-c", hall.config)

    assert said.exit_code == 0
    assert "hide on kommunen (facebook), comment" in said.stdout
    assert "Nothing was sent" in said.stdout
    assert not hall.is_hidden
    assert json.loads(run("moderate", "log", "--json", "-c", hall.config).stdout) == []


def test_with_yes_it_is_done_seen_and_written_down(run: Run, hall: Hall) -> None:
    done = run("moderate", "hide", "kommunen", hall.comment.id, *WHY, "--yes", "-c", hall.config)
    (entry,) = json.loads(run("moderate", "log", "--json", "-c", hall.config).stdout)
    table = run("moderate", "log", "-c", hall.config).stdout

    assert done.exit_code == 0, done.stderr
    assert "Done, and seen by reading again." in done.stdout
    assert hall.is_hidden
    assert (entry["action"], entry["by"], entry["why"]) == ("hide", "anna", "names a neighbour")
    assert (entry["outcome"], entry["is_verified"]) == ("done", True)
    assert "done, seen" in table


def test_an_answer_is_sent_as_it_was_shown(run: Run, hall: Hall) -> None:
    told = ("moderate", "reply", "kommunen", hall.comment.id, "--text", "Vi hör av oss.", "--by", "bo")
    shown = run(*told, "-c", hall.config)
    done = run(*told, "--yes", "-c", hall.config)

    assert "answer: Vi hör av oss." in shown.stdout
    assert done.exit_code == 0, done.stderr
    assert [i.text for i in hall.server.world.all_items() if i.parent_id == hall.comment.id][-1] == "Vi hör av oss."


def test_a_refusal_ends_with_one_and_is_called_so(run: Run, hall: Hall) -> None:
    hall.server.faults.add(Fault(kind=FaultKind.MISSING_PERMISSION, platform="facebook"))
    refused = run("moderate", "hide", "kommunen", hall.comment.id, *WHY, "--yes", "-c", hall.config)

    assert refused.exit_code == 1
    assert "Refused by the platform: nothing was changed." in refused.stderr
    assert "`watchdaemon doctor kommunen` says whether the credential lacks a right to write" in refused.stderr
    assert not hall.is_hidden


def test_what_no_program_may_do_is_left_to_a_person_with_the_way_there(run: Run, hall: Hall) -> None:
    left = run("moderate", "approve", "kommunen", hall.comment.id, *WHY, "--yes", "-c", hall.config)

    assert left.exit_code == 1
    assert "facebook lets no program approve this. A person can, at: https://www.facebook.com/" in left.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("hide", "kommunen", "none", *WHY), "there is no item 'none'"),
        (("hide", "komunen", "1", *WHY), "did you mean"),
        (("hide", "kommunen", "1", "--by", "kim", "--why", "x"), "there is no person 'kim'"),
        (("hide", "kommunen", "1", "--by", "anna", "--why", " "), "a reason is wanted"),
        (("reply", "kommunen", "1", "--text", " ", "--by", "anna"), "a text belongs to a reply"),
    ],
)
def test_a_wrong_order_is_a_wrong_command_line(run: Run, hall: Hall, arguments: tuple[str, ...], words: str) -> None:
    wrong = run("moderate", *arguments, "--yes", "-c", hall.config)

    assert wrong.exit_code == 2
    assert words in wrong.stderr
