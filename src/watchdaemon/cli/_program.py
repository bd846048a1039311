"""The program itself: its commands, what comes before each of them, and which exit code an error becomes."""

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Protocol

import typer
from typer.core import TyperGroup

from watchdaemon import __version__
from watchdaemon.cli import (
    _accounts,
    _alerts,
    _auth,
    _by_hand,
    _calendar,
    _checks,
    _classify,
    _coverage,
    _doctor,
    _mail,
    _moderate,
    _quota,
    _reading,
    _running,
    _sandbox,
    _tools,
    _web,
)
from watchdaemon.errors import ConfigError, WatchdaemonError

PANELS = ("Working", "Looking", "Register", "Checking")
NOT_DONE = 1
WRONG_INPUT = 2

_EPILOG = (
    "Exit codes: 0 done, 1 something was not done (said on standard error), 2 the command line or configuration is "
    "wrong. Begin with: watchdaemon demo"
)


class _Formatter(Protocol):
    """What we use of click's help formatter."""

    def section(self, name: str) -> AbstractContextManager[None]: ...

    def write_dl(self, rows: list[tuple[str, str]]) -> None: ...


class _Program(TyperGroup):
    """Turns our errors into a message and an exit code; nothing else of the program catches them."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]  # click's Context is private in typer
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            # Faults stand alone on their lines, file:line first, so that an editor can jump to them.
            typer.echo(str(error) if error.faults else f"watchdaemon: {error}", err=True)
            raise typer.Exit(WRONG_INPUT) from error
        except WatchdaemonError as error:
            typer.echo(f"watchdaemon: {error}", err=True)
            raise typer.Exit(NOT_DONE) from error
        except BrokenPipeError:
            raise
        except OSError as error:  # a folder that cannot be written, a port that is taken, a full disk
            place = f"{error.filename}: " if error.filename is not None else ""
            typer.echo(f"watchdaemon: {place}{error.strerror or type(error).__name__}", err=True)
            raise typer.Exit(NOT_DONE) from error

    def format_commands(self, ctx: typer.Context, formatter: "_Formatter") -> None:  # type: ignore[override]  # as above
        """Write the commands under their panels, each with its whole first sentence."""
        commands = [(name, command) for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))]
        for panel in PANELS:
            rows = [(n, c.get_short_help_str(200)) for n, c in commands if getattr(c, "rich_help_panel", "") == panel]
            with formatter.section(panel):
                formatter.write_dl(rows)


program = typer.Typer(
    name="watchdaemon",
    cls=_Program,
    no_args_is_help=True,
    epilog=_EPILOG,
    rich_markup_mode=None,  # its help imports all of rich: twice the time of the whole rest
    pretty_exceptions_enable=False,  # they show local variables: texts and tokens among them
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"watchdaemon {__version__}")
        raise typer.Exit


@program.callback()
def _before_every_command(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("-c", "--config", metavar="FILE", help="The configuration; may also stand after the command."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    """Make sure that no question to your organisation on social media stays unanswered.

    Accounts on Facebook, Instagram, X, YouTube, Bluesky, Mastodon and Threads are fetched twice every working day; the
    people who answer for them get one mail about what waits.
    """
    ctx.obj = config


_ROOMS = (
    _running,
    _by_hand,
    _moderate,
    _sandbox,
    _accounts,
    _auth,
    _reading,
    _alerts,
    _quota,
    _mail,
    _classify,
    _calendar,
    _checks,
    _doctor,
    _coverage,
    _tools,
    _web,
)
for _room in _ROOMS:
    _room.add_to(program)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        program()
    except BrokenPipeError:  # `watchdaemon items | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NOT_DONE)
