"""Secrets from files: systemd's credential directory, or one the configuration names."""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from watchdaemon.errors import ConfigError

_FOLDER_PREFIX = "credentials_"  # what systemd makes of LoadCredential=credentials:/a/folder (systemd.exec(5))
_VARIABLE = "CREDENTIALS_DIRECTORY"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LARGEST = 64 * 1024  # bytes; systemd allows a megabyte, but a token or a key file is never that big


def check_name(name: str) -> str:
    """Refuse a name that could lead out of the directory or to a hidden file. Raises ValueError."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise ValueError("must be the plain name of a credential: letters, digits, '_', '-' and single dots, no '/'")
    return name


class FileCredentials:
    """Reads a credential from the file of its name; implements `CredentialSource`.

    A file holds one bare line (a token), or a TOML or JSON table whose strings are the fields. It is read anew each
    time, so that a replaced token is used at once.
    """

    def __init__(self, directory: Path | None = None) -> None:
        """Read from `directory`; None means ``$CREDENTIALS_DIRECTORY``, where systemd puts them."""
        given = os.environ.get(_VARIABLE)
        self.directory = directory if directory is not None else Path(given) if given else None

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return a credential's fields; a file with one bare line is ``{"token": …}``.

        Raises:
            ConfigError: There is none of that name, or it cannot be read; names it and where it was looked for.
        """
        text = self._text(name)
        fields = _fields(text)
        if not fields:
            raise ConfigError(f"credential {name!r} in {self.directory} is neither one line nor a table of strings")
        return {key: SecretStr(value) for key, value in fields.items()}

    def holds(self, name: str) -> bool:
        """Tell whether there is a file of that name; whether it can be read, `read` says."""
        try:
            check_name(name)
        except ValueError:
            return False
        return self.directory is not None and self._path(self.directory, name).exists()

    @staticmethod
    def _path(directory: Path, name: str) -> Path:
        whole_folder = directory / f"{_FOLDER_PREFIX}{name}"
        return whole_folder if whole_folder.exists() else directory / name

    def _text(self, name: str) -> str:
        try:
            check_name(name)
        except ValueError as error:
            raise ConfigError(f"credential {name!r}: {error}") from error
        if self.directory is None:
            raise ConfigError(
                f"credential {name!r}: there is no directory to look in; set [credentials] directory, or let systemd "
                f"set ${_VARIABLE} (LoadCredential=)"
            )
        try:
            raw = self._path(self.directory, name).read_bytes()
            if len(raw) > _LARGEST:
                raise ConfigError(f"credential {name!r} in {self.directory} is larger than {_LARGEST} bytes")
            return raw.decode("utf-8-sig")
        except FileNotFoundError as error:
            raise ConfigError(f"credential {name!r}: there is no such file in {self.directory}") from error
        except OSError as error:
            raise ConfigError(f"credential {name!r} in {self.directory} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            # The decoding error carries the bytes: it is not chained, for a traceback must hold no secret.
            raise ConfigError(f"credential {name!r} in {self.directory} is not UTF-8 text") from None


def _fields(text: str) -> Mapping[str, str]:
    """Return the fields of a credential's text; empty when it cannot be understood."""
    stripped = text.strip()
    table = _table(stripped)
    if table is not None:
        return {key: value for key, value in table.items() if isinstance(value, str) and value}
    is_one_line = bool(stripped) and stripped.isprintable() and not stripped.startswith("{")
    return {"token": stripped} if is_one_line else {}


def _table(text: str) -> Mapping[str, object] | None:
    """Return a JSON or TOML table, or None when the text is neither (a bare token that happens to hold "=", say)."""
    try:
        loaded: object = json.loads(text) if text.startswith("{") else tomllib.loads(text)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None
