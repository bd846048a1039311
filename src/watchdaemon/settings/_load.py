"""From a file (or none) to `Settings`, with every fault of the file in one error."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ValidationError

from watchdaemon.errors import ConfigError, Fault
from watchdaemon.handwritten import TomlText, explain, read_toml, shown_place
from watchdaemon.settings._models import Settings

CONFIG_VARIABLE = "WATCHDAEMON_CONFIG"
_USUAL_PLACE = Path("/etc/watchdaemon/watchdaemon.toml")

_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "organisation": {"name": "Exempelkommun"},
    "mail": {"sender": "watchdaemon@exempelkommun.example"},
}
"""What only a file can say, filled in with an invented organisation for looking around without a file."""


def find_config(given: Path | None = None) -> Path | None:
    """Return which file holds the configuration: the given one, ``$WATCHDAEMON_CONFIG``, or the usual place."""
    if given is not None:
        return given
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return _USUAL_PLACE if _USUAL_PLACE.exists() else None


def default_settings() -> Settings:
    """Return the settings of an invented organisation: enough for the calendar and for trying things out."""
    return Settings.model_validate(_DEFAULTS)


def load_settings(path: Path | None) -> Settings:
    """Return the settings in a file; None gives `default_settings`.

    Relative paths in the file (a SQLite database, the credential directory) are taken from the file's own folder.

    Raises:
        ConfigError: The file cannot be read, or is wrong; `faults` holds every fault with key and line.
    """
    if path is None:
        return default_settings()
    text = read_toml(path)
    try:
        settings = Settings.model_validate(text.data)
    except ValidationError as error:
        raise ConfigError(faults=_faults(error, text)) from None  # pydantic's text would repeat values
    return _anchored(settings, path.resolve().parent)


def _faults(error: ValidationError, text: TomlText) -> list[Fault]:
    known = known_keys(Settings)
    faults = [Fault(text.file, shown_place(p), m, text.line_of(p)) for p, m in explain(error, known)]
    return sorted(faults, key=lambda fault: (fault.line is None, fault.line or 0))


def known_keys(model: type[BaseModel], table: str = "") -> dict[str, list[str]]:
    """Return the keys of each table below `model`, by the table's name ("" is the outermost)."""
    known = {table: list(model.model_fields)}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            known |= known_keys(field.annotation, f"{table}.{name}" if table else name)
    return known


def _anchored(settings: Settings, folder: Path) -> Settings:
    """Take relative paths from the configuration's folder: the program may be started from anywhere."""
    storage, credentials, mail = settings.storage, settings.credentials, settings.mail
    prefix = "sqlite:///"
    name = storage.url.removeprefix(prefix)
    if storage.url.startswith(prefix) and name and not name.startswith((":", "file:")):
        storage = storage.model_copy(update={"url": f"{prefix}{folder / name}"})
    if credentials.directory is not None:
        credentials = credentials.model_copy(update={"directory": folder / credentials.directory})
    if mail.ca_file is not None:
        mail = mail.model_copy(update={"ca_file": folder / mail.ca_file})
    if mail.bounces is not None and "://" not in mail.bounces:
        mail = mail.model_copy(update={"bounces": str(folder / mail.bounces)})
    return settings.model_copy(update={"storage": storage, "credentials": credentials, "mail": mail})
