"""``db upgrade``: the database's schema."""

import typer

from watchdaemon.cli._session import Config, settings_of


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    database = typer.Typer(no_args_is_help=True, help="The database.")
    database.callback()(_database)
    database.command("upgrade")(upgrade_database)
    program.add_typer(database, name="db", rich_help_panel="Checking")


def _database() -> None:
    """The database."""


def upgrade_database(ctx: typer.Context, config: Config = None) -> None:
    """Make the database, or bring it to this program's version. Doing it again changes nothing; `run` does it too."""
    from watchdaemon.storage import upgrade

    before, after = upgrade(settings_of(ctx, config).database_url().get_secret_value())
    if before == after:
        typer.echo(f"The database is at revision {after} already.")
    else:
        typer.echo(f"The database went from {before or 'nothing'} to revision {after}.")
