"""What reaches the journal, and what never does."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from watchdaemon.daemon.logs import configure_logging


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def written(style: str = "journal", level: str = "debug") -> tuple[io.StringIO, structlog.stdlib.BoundLogger]:
    """Configure logging into a string."""
    out = io.StringIO()
    configure_logging(level=level, style=style, stream=out)
    return out, structlog.get_logger("test")


def test_a_line_for_the_journal_starts_with_its_priority() -> None:
    out, log = written()

    log.warning("fetched", account="fb-badhuset", coverage="partial", reason=None)
    log.info("started", accounts=3)
    log.error("pass_failed", detail="disk full now")

    assert out.getvalue().splitlines() == [
        "<4>fetched account=fb-badhuset coverage=partial",
        "<6>started accounts=3",
        '<3>pass_failed detail="disk full now"',
    ]


@pytest.mark.parametrize("key", ["token", "access_token", "client_secret", "password", "text", "author", "body"])
def test_a_secret_or_a_citizens_words_are_hidden_whoever_logs_them(key: str) -> None:
    out, log = written()

    log.info("oops", **{key: "Kalle 19811218-9876"})

    assert out.getvalue() == f"<6>oops {key}=[hidden]\n"


def test_an_exception_is_named_without_its_message() -> None:
    out, log = written()
    try:
        raise ValueError("https://graph.example/?access_token=abc")  # noqa: TRY301 - the error is the test
    except ValueError:
        log.exception("failed")
        logging.getLogger("somelib").exception("lib failed")

    assert "abc" not in out.getvalue()
    assert out.getvalue().splitlines() == [
        "<3>failed error=ValueError",
        "<3>lib failed error=ValueError library=somelib",
    ]


def test_a_newline_in_a_value_cannot_forge_a_line() -> None:
    out, log = written()

    log.info("fetched", account='a\n<2>forged "x"')

    assert out.getvalue() == "<6>fetched account=\"a�<2>forged 'x'\"\n"


def test_libraries_that_log_whole_addresses_are_silenced() -> None:
    out, _ = written()

    logging.getLogger("httpx").info('HTTP Request: GET https://graph.example/?access_token=abc "200 OK"')
    logging.getLogger("httpcore.connection").debug("connect_tcp.started host='graph.example'")

    assert out.getvalue() == ""


def test_the_level_is_a_setting() -> None:
    out, log = written(level="warning")

    log.info("quiet")
    log.warning("loud")

    assert out.getvalue() == "<4>loud\n"


def test_json_lines_hold_the_same_facts() -> None:
    out, log = written(style="json")

    log.info("fetched", account="a", token="abc")
    line = json.loads(out.getvalue())

    assert {k: line[k] for k in ("event", "level", "account", "token")} == {
        "event": "fetched",
        "level": "info",
        "account": "a",
        "token": "[hidden]",
    }
