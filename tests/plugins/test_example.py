"""The example plug-in of the documentation: really installed, found by its entry point, and held to the suite."""

import importlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.services.conftest import account

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason
from watchdaemon.http import Road
from watchdaemon.plugins import load_plugins
from watchdaemon.ports import AdapterContext
from watchdaemon.settings import FileCredentials
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance

EXAMPLE = Path(__file__).parents[2] / "docs" / "example-plugin"
TOKEN = "noticeboard-token-of-nobody"
PAGE = 2


def note(number: int, text: str, *, author: str = "kim", answers: int | None = None) -> dict[str, object]:
    """A note as the service gives it."""
    at = datetime(2026, 11, 20, 8, number, tzinfo=UTC)
    who = {"id": author, "name": f"{author.title()} Exempel"}
    return {"id": number, "author": who, "text": text, "written_at": at.isoformat(), "answers": answers}


class Board(BaseHTTPRequestHandler):
    """The invented service: one board, pages of two notes."""

    notes: list[dict[str, object]]

    def do_GET(self) -> None:
        """Answer as the example's docstrings say."""
        path, _, query = self.path.partition("?")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._say(401, {})
        if path == "/boards/42":
            return self._say(200, {"id": "42", "name": "Exempeltavlan", "text": "Anslagstavla"})
        if path == "/boards/42/notes":
            after = int(query.removeprefix("after=") or 0)
            found = [n for n in self.notes if n["id"] is None or int(str(n["id"])) > after]
            following = str(found[PAGE - 1]["id"]) if len(found) > PAGE else None
            return self._say(200, {"notes": found[:PAGE], "next": following})
        one = [n for n in self.notes if path == f"/notes/{n['id']}"]
        return self._say(200, one[0]) if one else self._say(404, {})

    def _say(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Be quiet."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The plug-in, installed by pip into a folder of its own on the path."""
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run(
        [*command, "--disable-pip-version-check", "--target", str(target), str(EXAMPLE)], check=True, timeout=60
    )
    sys.path.insert(0, str(target))
    importlib.invalidate_caches()
    yield target
    sys.path.remove(str(target))
    sys.modules.pop("watchdaemon_noticeboard", None)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """The invented service on loopback."""
    Board.notes = [
        note(1, "Nya öppettider", author="42"),
        note(2, "När öppnar ni?"),
        note(3, "Klockan nio.", author="42", answers=2),
        note(4, "Tack!", answers=2),
        note(5, "Finns det parkering"),
    ]
    with ThreadingHTTPServer(("127.0.0.1", 0), Board) as it:
        thread = threading.Thread(target=it.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield it
        it.shutdown()
        thread.join()


@pytest.fixture
def case(installed: Path, server: ThreadingHTTPServer, tmp_path: Path) -> Iterator[AdapterCase]:
    """One board to read."""
    (tmp_path / "board").write_text(TOKEN)
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    with Road(sleep=lambda _: None) as road:
        yield AdapterCase(
            plugin=load_plugins({"noticeboard"}).plugins["noticeboard"],
            settings={"base_url": f"http://127.0.0.1:{server.server_port}/"},
            context=AdapterContext(
                road=road, credentials=FileCredentials(tmp_path), clock=lambda: now, look_back=timedelta(days=30)
            ),
            accounts=[account("tavlan", platform="noticeboard", native_id="42", credential="board")],
            secrets=[TOKEN],
        )


class TestNoticeboard(AdapterConformance):
    """The whole suite."""


def test_it_is_as_short_as_promised() -> None:
    lines = (EXAMPLE / "watchdaemon_noticeboard.py").read_text(encoding="utf-8").splitlines()

    assert len(lines) < 150


def test_it_reads_every_page_and_knows_its_own_answers(case: AdapterCase) -> None:
    (result,) = case.adapter.fetch(case.accounts, {})

    assert [(i.external_id, i.thread_id, i.by_account) for i in result.items] == [
        ("1", "1", True),
        ("2", "2", False),
        ("3", "2", True),
        ("4", "2", False),
        ("5", "5", False),
    ]
    assert (result.coverage, result.cursors, result.calls) == (Coverage.COMPLETE, {"notes": "5"}, 3)


def test_a_note_that_breaks_the_contract_makes_the_fetch_partial(case: AdapterCase) -> None:
    Board.notes.append({"id": 6, "author": None, "text": "?", "written_at": "soon", "answers": None})

    (result,) = case.adapter.fetch(case.accounts, {"tavlan": {"notes": "4"}})

    assert (result.coverage, result.malformed, [i.external_id for i in result.items]) == (Coverage.PARTIAL, 1, ["5"])
    assert result.troubles[0].reason is Reason.MALFORMED
