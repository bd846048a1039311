"""Secrets from files."""

import contextlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchdaemon.errors import ConfigError
from watchdaemon.ports import CredentialSource
from watchdaemon.settings import FileCredentials

NOBODY = 65_534


def read(folder: Path, content: str | bytes) -> dict[str, str]:
    raw = content.encode() if isinstance(content, str) else content
    (folder / "fb").write_bytes(raw)
    source: CredentialSource = FileCredentials(folder)
    return {key: value.get_secret_value() for key, value in source.read("fb").items()}


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("EAAB123\n", {"token": "EAAB123"}),
        ("EAAB==\r\n", {"token": "EAAB=="}),
        ("a=b", {"token": "a=b"}),
        ("\ufeffEAAB", {"token": "EAAB"}),
        ('token = "EAAB"\napp_secret = "s3"\n', {"token": "EAAB", "app_secret": "s3"}),
        ('# made by a person\ntoken = "EAAB"\nexpires = 2027-01-01\n', {"token": "EAAB"}),
        ('{"refresh_token": "r", "scopes": ["a"], "client_id": "c"}', {"refresh_token": "r", "client_id": "c"}),
    ],
)
def test_a_line_is_a_token_and_a_table_gives_its_strings(tmp_path: Path, content: str, fields: dict[str, str]) -> None:
    assert read(tmp_path, content) == fields


@pytest.mark.parametrize(
    "content", ["", "\n\n", "two\nlines", "{broken json\n", b"\xff\xfe", "a\x00b", "n = 1", "x" * 70_000]
)
def test_what_is_neither_is_refused_without_showing_it(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(ConfigError, match="credential 'fb' in") as caught:
        read(tmp_path, content)

    shown = "".join(traceback.format_exception(caught.value))
    assert "two\nlines" not in shown
    assert "xff" not in shown.replace("0xff", "")


@pytest.mark.parametrize("name", ["", "../fb", "/etc/passwd", ".hidden", "a/b", "a..b", "a\nb", "å"])
def test_a_name_cannot_lead_out_of_the_directory(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="must be the plain name"):
        FileCredentials(tmp_path).read(name)


def test_a_missing_credential_is_named_with_its_directory(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"'fb': there is no such file in {tmp_path}"):
        FileCredentials(tmp_path).read("fb")


def test_an_unreadable_credential_says_why(tmp_path: Path) -> None:
    (tmp_path / "fb").mkdir()

    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        FileCredentials(tmp_path).read("fb")


def test_a_credential_of_somebody_else_says_why(tmp_path: Path) -> None:
    (tmp_path / "fb").write_text("t")
    (tmp_path / "fb").chmod(0)

    with as_nobody(), pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        FileCredentials(tmp_path).read("fb")


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read every file, so root steps down for a moment."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(was)


def test_systemds_directory_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fb").write_text("t")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    assert FileCredentials().read("fb")["token"].get_secret_value() == "t"


def test_a_folder_handed_over_by_systemd_is_read_by_the_plain_name(tmp_path: Path) -> None:
    (tmp_path / "credentials_fb").write_text("t")

    assert FileCredentials(tmp_path).read("fb")["token"].get_secret_value() == "t"


def test_without_any_directory_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    with pytest.raises(ConfigError, match="LoadCredential="):
        FileCredentials().read("fb")


def test_a_secret_hides_itself(tmp_path: Path) -> None:
    (tmp_path / "fb").write_text("hemlis")

    assert "hemlis" not in repr(FileCredentials(tmp_path).read("fb"))
