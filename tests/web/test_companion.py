"""The pages beside the daemon: they follow its parts, and what befalls them never stops it. (1 s)"""

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.web.conftest import NINE, PUBLIC, built, configured

from watchdaemon.app import App
from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.question import DecisionKind
from watchdaemon.web import Companion


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        number: int = found.getsockname()[1]
    return number


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A folder with a database in it."""
    (tmp_path / "hall.sqlite3").write_bytes(template.read_bytes())
    return tmp_path


@pytest.fixture
def companion() -> Iterator[Companion]:
    """A companion that is stopped in the end."""
    made = Companion()
    yield made
    made.stop()


def app_on(folder: Path, port: int, *, public: str | None = PUBLIC) -> App:
    """The parts, with pages on that port."""
    settings = configured(folder)
    web = settings.web.model_copy(update={"listen": f"127.0.0.1:{port}", "public_url": public})
    return built(settings.model_copy(update={"web": web}), SimulatedClock(NINE))


def status(port: int, link: str = "/healthz") -> int | None:
    """What is answered on that port; None when nobody listens."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}{link}", trust_env=False).status_code
    except httpx.ConnectError:
        return None


def test_it_serves_and_goes_on_serving(folder: Path, port: int, companion: Companion) -> None:
    app = app_on(folder, port)
    companion.tend(app)
    companion.tend(app)

    assert status(port) == 200
    companion.stop()
    assert status(port) is None
    app.close()


def test_after_a_reload_it_serves_the_new_parts(folder: Path, port: int, companion: Companion) -> None:
    old, new = app_on(folder, port), app_on(folder, port)
    companion.tend(old)
    companion.stop()
    old.close()
    companion.tend(new)
    assert new.links is not None
    link = new.links.word("anna", "bibblan", "q1", DecisionKind.SEEN, at=NINE).removeprefix(PUBLIC)

    assert status(port, link) == 200
    new.close()


def test_without_a_public_address_it_serves_nothing(folder: Path, port: int, companion: Companion) -> None:
    app = app_on(folder, port, public=None)
    companion.tend(app)

    assert status(port) is None
    app.close()


def test_a_port_that_is_taken_is_told_once_and_tried_again(
    folder: Path, port: int, companion: Companion, capsys: pytest.CaptureFixture[str]
) -> None:
    app = app_on(folder, port)
    with socket.create_server(("127.0.0.1", port)):
        companion.tend(app)
        companion.tend(app)
        told = capsys.readouterr().out
    companion.tend(app)

    assert told.count("pages_not_served") == 1
    assert status(port) == 200
    app.close()


def test_waitress_keeps_quiet_of_pages_that_wait_for_a_thread(folder: Path, port: int, companion: Companion) -> None:
    app = app_on(folder, port)
    companion.tend(app)

    assert logging.getLogger("waitress.queue").level == logging.ERROR
    app.close()
