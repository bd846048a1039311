"""``doctor --probe`` on the command line: what is said beforehand, what comes out, and what is refused."""

import json
from collections.abc import Callable, Sequence

import pytest
from tests.cli.conftest import Run
from tests.cli.test_auth import free_redirect
from tests.cli.test_auth_sandbox import Town, browser, key_of, owner_of, town

from watchdaemon.cli import _probe

__all__ = ["browser", "town"]  # fixtures

Choose = Callable[[str], None]


@pytest.fixture
def connected(town: Town, run: Run, browser: Choose) -> Town:
    """The municipality's X account, connected."""
    browser(owner_of("x"))
    assert town.connect(run, "x", "--redirect-uri", free_redirect()).startswith("0\n")
    return town


def test_what_it_takes_is_said_beforehand_and_each_answer_with_its_meaning(run: Run, connected: Town) -> None:
    result = run("doctor", key_of("x"), "--probe", "-c", connected.config)

    assert result.exit_code == 0, result.output
    said = "kommunen-x (x): 5 questions, at most 4 calls, up to $0.18; nothing is changed."
    assert result.stderr.splitlines()[0] == said
    assert "AS ASSUMED  rate-headers: Does every answer say what is left of its limit?" in result.stdout
    assert "The quota book knows each limit" in result.stdout
    assert "NOT TOLD  own-messages" in result.stdout


def test_json_has_stable_keys(run: Run, connected: Town) -> None:
    rows = json.loads(run("doctor", key_of("x"), "--probe", "--json", "-c", connected.config).stdout)

    assert len(rows) == 5
    assert {tuple(row) for row in rows} == {("account", "platform", "probe", "question", "told", "evidence", "meaning")}
    assert {row["told"] for row in rows} <= {"as assumed", "otherwise", "not told"}


def test_at_a_terminal_a_person_agrees_to_the_price_first(
    run: Run, connected: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_probe, "_is_at_terminal", lambda: True)
    before = connected.server.requests["x"]
    refused = run("doctor", key_of("x"), "--probe", "-c", connected.config, stdin="n\n")
    between = connected.server.requests["x"]
    agreed = run("doctor", key_of("x"), "--probe", "-c", connected.config, stdin="y\n")

    assert "Ask?" in refused.stderr
    assert (refused.exit_code, between) == (1, before)
    assert (agreed.exit_code, connected.server.requests["x"] > between) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name the accounts"),
        (("kommunen-xx",), 2, "did you mean 'kommunen-x'"),
        (("kommunen-threads",), 1, "kommunen-threads: not probed: the account names no credential"),
    ],
)
def test_what_cannot_be_probed_is_named(arguments: Sequence[str], code: int, said: str, run: Run, town: Town) -> None:
    result = run("doctor", *arguments, "--probe", "-c", town.config)

    assert result.exit_code == code
    assert said in result.stderr
