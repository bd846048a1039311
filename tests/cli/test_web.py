"""``web``: links by hand, taken back, a new key, and serving. (3 s)"""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.cli.conftest import Run

PUBLIC = "https://vakt.example.org"
ITEM = ("biblioteket-fb", "1_late")


@pytest.fixture
def paged(lived: Path) -> Path:
    """A configuration with pages and a small life."""
    lived.write_text(lived.read_text() + f'[web]\npublic_url = "{PUBLIC}"\n')
    return lived


def test_a_link_can_be_made_for_every_word_and_for_the_items_page(run: Run, paged: Path) -> None:
    item = run("web", "link", *ITEM, "--person", "anna", "--config", paged)
    word = run("web", "link", *ITEM, "--person", "anna", "--as", "no_reply_needed", "--config", paged)

    assert item.exit_code == word.exit_code == 0, item.stderr
    assert re.fullmatch(rf"{PUBLIC}/w/[\w-]+\n", item.stdout)
    assert item.stdout != word.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["link", *ITEM, "--person", "nobody"], "there is no person 'nobody'"),
        (["link", "biblioteket-fb", "9", "--person", "anna"], "has no judged item '9'"),
        (["link", "bibliotek-fb", "9", "--person", "anna"], "there is no account 'bibliotek-fb'"),
        (["revoke", "--person", "nobody"], "there is no person 'nobody'"),
        (["revoke"], "give --person or --all"),
        (["revoke", "--all", "--person", "anna"], "give --person or --all"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, paged: Path, arguments: list[str], said: str) -> None:
    done = run("web", *arguments, "--config", paged)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())


@pytest.mark.parametrize("arguments", [[], ["revoke", "--all"], ["new-key"], ["link", *ITEM, "--person", "anna"]])
def test_without_a_public_address_there_are_no_links(run: Run, lived: Path, arguments: list[str]) -> None:
    done = run("web", *arguments, "--config", lived)

    assert done.exit_code == 2
    assert "web.public_url is not set" in " ".join(done.stderr.split())


def test_revoking_and_a_new_key_change_the_links(run: Run, paged: Path) -> None:
    def link() -> str:
        return run("web", "link", *ITEM, "--person", "anna", "--at", "2026-11-23T09:00", "--config", paged).stdout

    first = link()
    assert link() == first
    assert run("web", "revoke", "--person", "anna", "--config", paged).exit_code == 0
    second = link()
    assert run("web", "new-key", "--config", paged).exit_code == 0

    assert len({first, second, link()}) == 3


@pytest.mark.parametrize("kind", ["seen", "must_be_removed", "may_stay"])
def test_what_a_link_says_can_be_said_here_too(run: Run, paged: Path, kind: str) -> None:
    done = run("questions", "decide", *ITEM, "--as", kind, "--by", "anna", "--config", paged)

    assert done.exit_code == 0, done.stderr


def test_it_serves_alone_until_it_is_told_to_end(run: Run, paged: Path) -> None:
    link = run("web", "link", *ITEM, "--person", "anna", "--at", "2026-11-23T09:00", "--config", paged).stdout.strip()
    paged.write_text(paged.read_text() + 'listen = "127.0.0.1:18471"\n')
    program = str(Path(sys.executable).with_name("watchdaemon"))
    command = [program, "web", "--at", "2026-11-23T09:30", "--config", str(paged)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = served.stdout.readline()
        page = httpx.get(link.replace(PUBLIC, "http://127.0.0.1:18471"), trust_env=False)
        served.send_signal(signal.SIGTERM)
        _, complained = served.communicate(timeout=10)

    assert page.status_code == 200
    assert "När öppnar biblioteket på lördag?" in page.text
    assert served.returncode == 0, complained
    assert "Serving at http://127.0.0.1:18471" in said
