"""The program as a whole: light to start, documented, and with honest exit codes."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from watchdaemon.cli.reference import commands, renew

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
HEAVY = (
    "rich",
    "pydantic",
    "httpx",
    "sqlmodel",
    "sqlalchemy",
    "holidays",
    "apscheduler",
    "jinja2",
    "tweepy",
    "facebook",
)


def test_help_imports_nothing_heavy() -> None:
    code = f"""
import sys
from watchdaemon.cli import program
try:
    program(["--help"])
except SystemExit as end:
    assert end.code == 0, end
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stderr.strip() == "[]"
    assert "check-config" in done.stdout


def test_every_command_is_documented() -> None:
    page = PAGE.read_text("utf-8")
    undocumented = [name for name, _ in commands() if f"\n## {name}\n" not in page]

    assert undocumented == []
    assert renew(page) == page, "run: python -m watchdaemon.cli.reference docs/commands.md"


def test_every_command_helps(run: Run) -> None:
    for name, text in commands():
        result = run(*name.split()[1:], "--help")

        assert result.exit_code == 0, name
        assert text.split("\n", 1)[0] in result.stdout


def test_an_unknown_command_is_a_wrong_command_line(run: Run) -> None:
    assert run("nothing").exit_code == 2


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").stdout.startswith("watchdaemon 0.")


def test_the_module_runs_like_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "watchdaemon", "--version"], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.startswith("watchdaemon ")


def test_shell_completion_offers_the_commands() -> None:
    script = Path(sys.executable).with_name("watchdaemon")
    environment = {
        **os.environ,
        "_WATCHDAEMON_COMPLETE": "complete_bash",
        "COMP_WORDS": "watchdaemon que",
        "COMP_CWORD": "1",
    }
    done = subprocess.run([script], capture_output=True, text=True, timeout=60, check=False, env=environment)

    assert done.stdout.split() == ["questions"]


def test_a_closed_pipe_is_no_traceback(lived: Path) -> None:
    script = Path(sys.executable).with_name("watchdaemon")
    with subprocess.Popen(
        [script, "items", "--json", "-c", lived], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as p:
        assert p.stdout is not None
        assert p.stderr is not None
        p.stdout.close()
        told = p.stderr.read()

    assert b"Traceback" not in told


@pytest.mark.parametrize("task", ["question", "pii", "abuse", "spam"])
def test_texts_are_classified_in_their_order(run: Run, task: str) -> None:
    lines = [json.dumps({"id": n, "text": text, "task": task}) for n, text in enumerate(["När öppnar badet?", "Tack!"])]
    answers = [json.loads(line) for line in run("classify", stdin="\n".join(lines)).stdout.splitlines()]

    assert [a["id"] for a in answers] == [0, 1]
    assert all({"id", "label", "grade", "reason", "spans"} <= set(a) for a in answers)


def test_a_line_that_is_no_record_is_named_and_the_others_go_on(run: Run) -> None:
    result = run("classify", stdin='{"id": 1, "text": "När?"}\nnonsense\n{"id": 2}\n{"id": 3, "text": "Hej"}\n')

    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [1, 3]
    assert "line 2: " in result.stderr
    assert "line 3: " in result.stderr


@pytest.mark.parametrize(
    "command",
    [("demo",), ("sandbox", "--port", "0"), ("mail", "preview", "weekly", "--at", "2026-11-23T09:05")],
    ids=lambda command: command[0],
)
def test_a_folder_that_cannot_be_written_is_named_without_a_trace(
    run: Run, lived: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("in the way")
    place = ("-c", lived) if command[0] == "mail" else ()

    result = run(*command, "--out", tmp_path / "file" / "folder", *place)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"watchdaemon: {tmp_path}")
    assert result.stderr.rstrip().endswith("Not a directory")


def test_a_port_that_is_taken_is_said(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("sandbox", "--port", str(taken.getsockname()[1]), "--out", tmp_path / "sandbox")

    assert (result.exit_code, "Address already in use" in result.stderr) == (1, True)
