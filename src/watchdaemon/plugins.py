"""Finds platform adapters by entry point; one that cannot be used is named with its distribution, the others go on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Final

from watchdaemon.errors import PluginError

if TYPE_CHECKING:
    from watchdaemon.ports import AdapterPlugin

GROUP: Final = "watchdaemon.adapters"
_OURS: Final = "watchdaemon"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPlugins:
    """The adapters that can be used, by platform, and what is wrong with the others."""

    plugins: "Mapping[str, AdapterPlugin]"
    errors: tuple[PluginError, ...] = ()
    distributions: Mapping[str, str] = field(default_factory=dict)  # where each usable one came from


def find_plugins() -> list[EntryPoint]:
    """Return the entry points of every installed adapter, by name; imports none of them."""
    return sorted(entry_points(group=GROUP), key=lambda e: (e.name, _distribution(e) != _OURS, _distribution(e)))


def load_plugins(names: Collection[str] | None = None) -> LoadedPlugins:
    """Import the adapters of these platforms (None: of every one).

    When two distributions offer the same platform, watchdaemon's own is used, else the first by name, so that the
    platform stays watched; the other one is an error.
    """
    plugins: dict[str, AdapterPlugin] = {}
    origins: dict[str, str] = {}
    errors: list[PluginError] = []
    for entry in _wanted(find_plugins(), names):
        try:
            if entry.name in plugins:
                raise _error(entry, f"the platform has an adapter already, from {origins[entry.name]}")
            plugins[entry.name] = _load(entry)
            origins[entry.name] = _distribution(entry)
        except PluginError as error:
            errors.append(error)
    return LoadedPlugins(plugins=plugins, errors=tuple(errors), distributions=origins)


def _wanted(entries: Iterable[EntryPoint], names: Collection[str] | None) -> list[EntryPoint]:
    """Keep the asked-for ones; the same distribution found twice on the path counts once."""
    once = {(e.name, e.value, _distribution(e)): e for e in entries if names is None or e.name in names}
    return list(once.values())


def _load(entry: EntryPoint) -> "AdapterPlugin":
    try:
        plugin = entry.load()
    except (Exception, SystemExit) as error:  # whatever foreign code does, the others go on
        raise _error(entry, f"{type(error).__name__}: {error}") from error
    if not callable(getattr(plugin, "create", None)):
        raise _error(entry, f"{entry.value} has no create(settings, context)")
    if getattr(plugin, "name", None) != entry.name:
        raise _error(entry, f"{entry.value} calls itself {getattr(plugin, 'name', None)!r}, not {entry.name!r}")
    return plugin  # type: ignore[no-any-return]  # entry points are untyped; the two checks above are what we can ask


def _error(entry: EntryPoint, message: str) -> PluginError:
    distribution = _distribution(entry)
    return PluginError(
        f"adapter {entry.name!r} of distribution {distribution!r} cannot be used: {message}",
        plugin=entry.name,
        distribution=distribution,
    )


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "unknown"
