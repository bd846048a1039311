"""A preview is the message and its parts, as files."""

from pathlib import Path

from tests.mail.samples import full_digest, key, renderer

from watchdaemon.mail.preview import write_preview


def test_a_preview_writes_the_message_and_both_parts(tmp_path: Path) -> None:
    mail = renderer().digest(full_digest(), key())

    files = write_preview(mail, tmp_path / "new" / "folder")

    assert [file.name for file in files] == [f"digest-anna-2026-11-23-1.{ending}" for ending in ("eml", "txt", "html")]
    assert files[0].read_bytes() == mail.message
    assert files[1].read_text(encoding="utf-8").startswith("Exempelkommun\n4 frågor väntar")
    assert files[2].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_key_with_odd_characters_stays_in_the_folder(tmp_path: Path) -> None:
    mail = renderer().digest(full_digest(), key(recipient="../../anna åberg"))

    assert {file.parent for file in write_preview(mail, tmp_path)} == {tmp_path}
