"""Tables on terminals of any width. Costs nothing: no database is opened."""

import pytest

from watchdaemon.cli import _output

HEADS = ["SINCE", "KIND", "ACCOUNTS", "WHY", "TOLD", "DETAIL"]
ROW = ["Mon 2026-11-16 08:00", "question_overdue", "badet-fb", "7", "maria", "the last"]


def shown(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    _output.emit_table(HEADS, [ROW])
    return capsys.readouterr().out


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_no_column_is_lost_on_a_terminal_of_any_width(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = "".join(shown(columns, monkeypatch, capsys).split())

    assert all(head in out for head in HEADS)
    assert all(cell.replace(" ", "") in out for cell in ROW)


def test_a_narrow_terminal_gets_a_line_for_each_cell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = shown(40, monkeypatch, capsys).splitlines()

    assert "KIND      question_overdue" in lines
    assert "DETAIL    the last" in lines
