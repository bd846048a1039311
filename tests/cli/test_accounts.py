"""The register on the command line."""

import json
from pathlib import Path

from tests.cli.conftest import REGISTER, Run


def test_an_import_shows_the_difference_before_it_makes_it(run: Run, config: Path) -> None:
    shown = run("accounts", "import", REGISTER, "--dry-run", "-c", config)
    nothing = run("accounts", "list", "--json", "-c", config)
    made = run("accounts", "import", REGISTER, "-c", config)
    again = run("accounts", "import", REGISTER, "-c", config)

    assert "+  account  biblioteket-fb" in shown.stdout
    assert json.loads(nothing.stdout) == []
    assert made.stdout.endswith("11 changes made.\n")
    assert (again.exit_code, again.stdout) == (0, "No changes.\n")


def test_a_faulty_file_is_refused_as_a_whole_with_every_fault(run: Run, config: Path, tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    text = REGISTER.read_text("utf-8").replace('owners = ["anna", "bo"]', 'owners = ["anna"]')
    path.write_text(text.replace("https://x.com/exempelkommun", "x.com"), "utf-8")
    result = run("accounts", "import", path, "-c", config)

    assert result.exit_code == 2
    assert "accounts[biblioteket-ig].owners: has one owner only" in result.stderr
    assert "accounts[kommunen-x].link: must be a web address" in result.stderr
    assert json.loads(run("accounts", "list", "--json", "-c", config).stdout) == []


def test_accounts_left_out_are_named_and_stay(run: Run, lived: Path, tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    head, *blocks = REGISTER.read_text("utf-8").split("[[accounts]]")
    path.write_text("[[accounts]]".join([head, *blocks[:-1]]), "utf-8")
    kept = run("accounts", "import", path, "-c", lived)
    closed = run("accounts", "import", path, "--close-missing", "--by", "karin", "-c", lived)
    trail = json.loads(run("audit", "--json", "-c", lived).stdout)

    assert kept.stdout == "No changes.\n"
    assert "left as they are (--close-missing closes them): klass-5b-yt" in kept.stderr
    assert closed.stdout.endswith("1 changes made.\n")
    assert [trail[-1][key] for key in ("by", "kind", "key", "field", "before", "after")] == [
        "karin", "account", "klass-5b-yt", "status", "resting", "closed",
    ]  # fmt: skip


def test_a_file_without_any_account_closes_nothing(run: Run, lived: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    result = run("accounts", "import", tmp_path / "empty.csv", "--close-missing", "--yes", "-c", lived)

    assert result.exit_code == 2
    assert "names no account: --close-missing would close all 4" in result.stderr


def test_the_list_shows_who_answers_for_each_account(run: Run, lived: Path) -> None:
    table = run("accounts", "list", "-c", lived).stdout.splitlines()
    accounts = json.loads(run("accounts", "list", "--json", "-c", lived).stdout)

    assert table[1].split() == ["biblioteket-fb", "facebook", "approved", "Exempelkommuns", "bibliotek", "bibliotek",
                                "anna,", "bo", "maria"]  # fmt: skip
    assert accounts[0]["owners"][2] == {
        "person": "eva", "role": "substitute", "from": "2026-06-15", "to": "2026-08-31",
    }  # fmt: skip


def test_one_account_is_shown_with_whom_its_mails_reach(run: Run, lived: Path) -> None:
    table = run("accounts", "show", "biblioteket-fb", "-c", lived).stdout

    assert "mails today go to  Anna Exempel <anna@exempelkommun.example>, Bo Exempel" in table
    assert "credential         facebook-biblioteket" in table
