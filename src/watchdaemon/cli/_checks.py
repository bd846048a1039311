"""Is the configuration in order: ``check-config``."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watchdaemon.cli._coverage import make_adapter
from watchdaemon.cli._session import Config, config_path, settings_of
from watchdaemon.errors import ConfigError, Fault

if TYPE_CHECKING:
    from watchdaemon.ports import AdapterPlugin
    from watchdaemon.settings import Settings

_PANEL = "Checking"


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("check-config", rich_help_panel=_PANEL)(check_config)


# ---- check-config ----------------------------------------------------------------------------------------------


def check_config(ctx: typer.Context, config: Config = None) -> None:
    """Check the configuration and name every fault at once, with its line. Touches no database and no network.

    \b
    watchdaemon check-config -c watchdaemon.toml
    """
    path = config_path(ctx, config)
    settings = settings_of(ctx, config)
    faults = platform_faults(settings, path)
    if faults:
        raise ConfigError(faults=faults)
    typer.echo(f"{path}: in order")


def platform_faults(settings: "Settings", path: Path | None) -> list[Fault]:
    """Return what the adapters find wrong with their ``[platforms.<name>]`` tables, at its place in the file."""
    from watchdaemon.handwritten import nearest_key, read_toml
    from watchdaemon.plugins import find_plugins, load_plugins

    lines = read_toml(path).line_of if path is not None else lambda _: None
    loaded = load_plugins(set(settings.platforms))
    known = {e.name for e in find_plugins()}
    faults: list[Fault] = []
    for name in settings.platforms:
        plugin = loaded.plugins.get(name)
        if plugin is not None:
            faults += _faults_of(plugin, settings)
        elif name not in known:
            faults.append(Fault("", f"platforms.{name}", f"there is no adapter of this name{nearest_key(name, known)}"))
    faults += [Fault("", f"platforms.{e.plugin}", str(e)) for e in loaded.errors]
    file = str(path) if path is not None else ""
    return [Fault(file, f.key, f.message, lines(tuple(f.key.split(".")))) for f in faults]


def _faults_of(plugin: "AdapterPlugin", settings: "Settings") -> list[Fault]:
    try:
        make_adapter(plugin, settings)
    except ConfigError as error:
        return list(error.faults) or [Fault("", f"platforms.{plugin.name}", str(error))]
    except Exception as error:  # noqa: BLE001 - one plug-in's fault must not hide the faults of the file
        return [Fault("", f"platforms.{plugin.name}", f"its adapter cannot be made ({type(error).__name__})")]
    return []
