"""The schema's revisions: which one a database has, which one this program needs, and the way between them."""

import importlib.util
import threading
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from watchdaemon.errors import StorageError
from watchdaemon.storage._database import Database, create_sqlite_file

REVISIONS = ("0001",)
"""Every revision this program knows, oldest first. Kept by hand so that opening a database needs no Alembic (a test
compares it with `migrations/versions`)."""

HEAD = REVISIONS[-1]

_alembic = threading.Lock()
"""Alembic hands its scripts their context through module globals: one upgrade at a time in a process."""

_NEWER = "the database {url} was written by a newer watchdaemon (revision {found}); upgrade the program"
_BEHIND = "the database {url} is not ready for this watchdaemon ({found}); run: watchdaemon db upgrade"


def current_revision(url: str) -> str | None:
    """Return the database's revision, or None when it is missing or empty.

    Raises:
        ConfigError: The address is wrong.
        StorageError: The database does not answer.
    """
    database = Database(url)
    try:
        return _revision(database)
    finally:
        database.close()


def require_current(database: Database) -> None:
    """Refuse a database that is not exactly of this program's revision.

    Raises:
        StorageError: It does not answer, is behind (names the command that helps), or is newer than the program.
    """
    found = _revision(database)
    _refuse_newer(database, found)
    if found != HEAD:
        state = "it does not exist yet" if found is None else f"revision {found}, needed is {HEAD}"
        raise StorageError(_BEHIND.format(url=_shown(database), found=state))


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring the database to this program's revision, making it (and its folders) when it is missing.

    Doing it again changes nothing. Two programs doing it at once wait for each other.

    Returns:
        The revision before (None: there was none) and after.

    Raises:
        ConfigError: The address is wrong.
        StorageError: The database does not answer, was written by a newer program, or cannot be changed; it is then
            as it was.
    """
    database = Database(url)
    try:
        if database.is_sqlite:
            create_sqlite_file(database.path)
        _refuse_newer(database, _revision(database))
        with database.write("upgrade the database", lock="upgrade") as connection:
            before = _read_revision(connection)
            if before != HEAD:
                _run_migrations(connection)
        return before, HEAD
    finally:
        database.close()


def _revision(database: Database) -> str | None:
    if database.is_sqlite and not database.path.exists():
        return None
    with database.read(f"open the database {_shown(database)}") as connection:
        return _read_revision(connection)


def _read_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refuse_newer(database: Database, found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise StorageError(_NEWER.format(url=_shown(database), found=found))


def _run_migrations(connection: Connection) -> None:
    # Alembic takes a third of a second to import, and only an upgrade needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _alembic:
        command.upgrade(config, "head")


def _folder() -> Path:
    spec = importlib.util.find_spec("watchdaemon.storage.migrations")
    if spec is None or spec.submodule_search_locations is None:
        raise StorageError("the installed watchdaemon lacks its migrations; install it anew")
    return Path(next(iter(spec.submodule_search_locations)))


def _shown(database: Database) -> str:
    return database.url.render_as_string(hide_password=True)
