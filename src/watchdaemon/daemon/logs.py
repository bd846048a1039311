"""Logs for the journal: one key-value line an event, the level as a priority prefix, no secrets and no texts."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

_PRIORITY = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}
"""syslog(3) priorities; journald reads ``<4>`` at the start of a line (sd-daemon(3))."""

_HIDDEN_KEYS = ("token", "secret", "password", "authorization", "text", "author", "body", "personnummer")
"""A value under a key with one of these words in it is never written, whoever logged it: the last line of defence."""

_NOISY = (
    "httpx",
    "httpcore",
    "apscheduler",
    "googleapiclient",
    "google.auth",
    "tweepy",
    "requests_oauthlib",
    "oauthlib",
    "urllib3",
)
"""Libraries whose own INFO and DEBUG lines hold whole URLs (with tokens) or say nothing an operator needs."""

EventDict = MutableMapping[str, Any]  # structlog's own type for it


def configure_logging(*, level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Send every log line, the libraries' warnings included, to `stream` (standard error by default).

    Args:
        level: debug, info, warning or error.
        style: "journal" (``<priority>event key=value``), "json", "console" (coloured), or "auto": console on a
            terminal, journal otherwise.
        stream: Where to write.
    """
    out = stream or sys.stderr
    chosen = ("console" if out.isatty() else "journal") if style == "auto" else style
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _hide,
        _drop_tracebacks,
    ]
    renderers: dict[str, list[structlog.typing.Processor]] = {
        "journal": [_journal],
        "json": [structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()],
        "console": [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), structlog.dev.ConsoleRenderer()],
    }
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _name_library],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers[chosen]],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _hide(_: Any, __: str, event: EventDict) -> EventDict:
    for key in event:
        if key not in ("event", "level") and any(word in key.lower() for word in _HIDDEN_KEYS):
            event[key] = "[hidden]"
    return event


def _drop_tracebacks(_: Any, __: str, event: EventDict) -> EventDict:
    """Keep an exception's class and drop its message and locals: they may hold URLs with tokens, or texts."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
    return event


def _name_library(_: Any, __: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None:
        event["library"] = record.name
    return event


def _journal(_: Any, __: str, event: EventDict) -> str:
    level = str(event.pop("level", "info"))
    name = event.pop("event", "")
    pairs = " ".join(f"{key}={_plain(value)}" for key, value in event.items() if value is not None)
    return f"<{_PRIORITY.get(level, 6)}>{_one_line(str(name))} {pairs}".rstrip()


def _plain(value: object) -> str:
    text = _one_line(str(value))
    return f'"{text}"' if " " in text or not text else text


def _one_line(text: str) -> str:
    """Keep a line a line: a newline in a value would forge a log entry."""
    return "".join(c if c.isprintable() else "�" for c in text).replace('"', "'")
