"""Runs inside Alembic, on the connection and in the transaction that `migrate.upgrade` opened."""

from alembic import context

from watchdaemon.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place; Alembic then copies the table.
    render_as_batch=True,
)
context.run_migrations()
