"""``mail preview``: what would go out, shown and never sent."""

from pathlib import Path

from tests.cli.conftest import Run


def test_the_monthly_overview_is_for_whom_the_configuration_names(run: Run, lived: Path) -> None:
    unnamed = run("mail", "preview", "monthly", "--at", "2026-12-01T08:00", "--config", lived)
    lived.write_text(lived.read_text().replace("[organisation]", '[organisation]\ncommunications = ["karin"]'))
    named = run("mail", "preview", "monthly", "--at", "2026-12-01T08:00", "--config", lived)

    assert unnamed.exit_code == 0
    assert "organisation.communications" in unnamed.stderr
    assert named.exit_code == 0
    assert "Subject: Månadsöversikt, november 2026: " in named.stdout


def test_the_files_of_a_preview_are_named(run: Run, lived: Path, tmp_path: Path) -> None:
    lived.write_text(lived.read_text().replace("[organisation]", '[organisation]\ncommunications = ["karin"]'))

    shown = run("mail", "preview", "monthly", "--at", "2026-12-01T08:00", "--out", tmp_path / "out", "--config", lived)

    assert {Path(line).suffix for line in shown.stdout.split()} == {".eml", ".html", ".txt", ".csv"}
    assert all(Path(line).exists() for line in shown.stdout.split())
