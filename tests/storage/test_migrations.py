"""Opening, upgrading, and refusing databases."""

import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.storage.make import NOW, fetched, item

from watchdaemon.errors import ConfigError, StorageError
from watchdaemon.storage import current_revision, migrate, open_store, upgrade
from watchdaemon.storage._database import Database
from watchdaemon.storage.tables import metadata

_SCHEMA_QUERIES = {
    "sqlite": ["SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master"],
    "postgresql": [
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        """SELECT conname || ' ' || pg_get_constraintdef(oid)
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
        """SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, collation_name)
           FROM information_schema.columns WHERE table_schema = 'public'""",
    ],
}


def schema(connection: sa.Connection) -> set[str]:
    """What the engine itself says of the schema; the order within a table's definition is no difference."""
    facts = [fact for q in _SCHEMA_QUERIES[connection.dialect.name] for (fact,) in connection.execute(sa.text(q))]
    lines = {"\n".join(sorted(line.strip(" \t,") for line in fact.splitlines())) for fact in facts}
    return {line for line in lines if "alembic_version" not in line}


def meddle(url: str, statement: str) -> None:
    """Do something to a database behind the program's back."""
    database = Database(url)
    with database.write("meddle") as connection:
        connection.execute(sa.text(statement))
    database.close()


def test_alembic_finds_no_difference_between_the_migrated_schema_and_the_models(url: str) -> None:
    database = Database(url)
    with database.read("compare") as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)
    database.close()

    assert differences == []


def test_the_engine_shows_the_same_schema_when_the_models_create_it(url: str) -> None:
    database = Database(url)
    with database._engine.connect() as connection:
        migrated = schema(connection)
        metadata.drop_all(connection)
        emptied = schema(connection)
        metadata.create_all(connection)
        created = schema(connection)
        connection.rollback()
    database.close()

    assert len(migrated) > len(metadata.tables) > len(emptied)
    assert created == migrated


def test_every_migration_is_known_to_the_program_in_its_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate._folder()))
    scripts = ScriptDirectory.from_config(config)

    assert tuple(s.revision for s in reversed(list(scripts.walk_revisions()))) == migrate.REVISIONS


def test_upgrading_makes_the_file_its_folders_and_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "var" / "lib 100%" / "watch.db"
    url = f"sqlite:///{path}"

    assert current_revision(url) is None
    assert upgrade(url) == (None, migrate.HEAD)
    assert current_revision(url) == migrate.HEAD
    # Citizens' words: nobody else on the machine reads them.
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_upgrading_again_changes_nothing(url: str) -> None:
    store = open_store(url)
    store.save_fetch(fetched(item()), at=NOW)

    assert upgrade(url) == (migrate.HEAD, migrate.HEAD)
    assert store.items() == [item()]
    store.close()


def test_two_upgrades_at_once_wait_for_each_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'watch.db'}"
    done: list[tuple[str | None, str]] = []
    threads = [threading.Thread(target=lambda: done.append(upgrade(url))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done, key=str) == [(migrate.HEAD, migrate.HEAD), (migrate.HEAD, migrate.HEAD), (None, migrate.HEAD)]


def test_a_missing_database_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    path = tmp_path / "watch.db"

    with pytest.raises(StorageError, match="watchdaemon db upgrade"):
        open_store(f"sqlite:///{path}")

    assert not path.exists()


def test_an_empty_database_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    (tmp_path / "watch.db").touch()

    with pytest.raises(StorageError, match="watchdaemon db upgrade"):
        open_store(f"sqlite:///{tmp_path / 'watch.db'}")


def test_a_database_behind_the_program_is_refused_with_the_command_that_helps(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "HEAD", "0002")
    monkeypatch.setattr(migrate, "REVISIONS", ("0001", "0002"))

    with pytest.raises(StorageError, match=r"revision 0001, needed is 0002.*watchdaemon db upgrade"):
        open_store(sqlite_url)


def test_a_database_newer_than_the_program_is_refused_and_left_alone(sqlite_url: str) -> None:
    meddle(sqlite_url, "UPDATE alembic_version SET version_num = '9999'")

    for attempt in (open_store, upgrade):
        with pytest.raises(StorageError, match=r"newer watchdaemon .revision 9999"):
            attempt(sqlite_url)
    assert current_revision(sqlite_url) == "9999"


def test_a_newer_postgresql_database_is_refused(postgresql_url: str) -> None:
    newer = "UPDATE alembic_version SET version_num = '9999'"
    meddle(postgresql_url, newer)
    try:
        with pytest.raises(StorageError, match="newer watchdaemon"):
            open_store(postgresql_url)
    finally:
        meddle(postgresql_url, newer.replace("9999", migrate.HEAD))


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'watch.db'}"
    (tmp_path / "watch.db").touch()
    meddle(url, "CREATE TABLE told (stranger TEXT)")

    with pytest.raises(StorageError, match="could not upgrade"):
        upgrade(url)

    database = Database(url)
    with database.read("look") as connection:
        assert sa.inspect(connection).get_table_names() == ["told"]
    database.close()
    assert current_revision(url) is None


def test_a_file_that_is_no_database_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "watch.db").write_bytes(b"not a database" * 1_000)

    for attempt in (open_store, upgrade, current_revision):
        with pytest.raises(StorageError, match="not a database"):
            attempt(f"sqlite:///{tmp_path / 'watch.db'}")


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageError, match="could not create the database"):
        upgrade(f"sqlite:///{tmp_path / 'file' / 'watch.db'}")


@pytest.mark.parametrize("url", ["", "watch.db", "sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_a_wrong_address_is_a_configuration_error(url: str) -> None:
    for attempt in (open_store, upgrade, current_revision):
        with pytest.raises(ConfigError, match=r"storage\.url"):
            attempt(url)


def test_a_server_that_does_not_answer_is_a_storage_error_without_the_password() -> None:
    with pytest.raises(StorageError) as caught:
        open_store("postgresql://watch:hemligt@127.0.0.1:9/watch")

    assert "hemligt" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
