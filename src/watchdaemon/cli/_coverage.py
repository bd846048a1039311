"""What each platform's adapter covers: ``platforms``, and the lines of it that ``accounts show`` says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watchdaemon.cli._output import clean, emit_json, emit_table, note
from watchdaemon.cli._session import AsJson, Config, settings_of
from watchdaemon.domain.fetch import Cover
from watchdaemon.domain.item import ItemKind
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from watchdaemon.domain.account import Account
    from watchdaemon.domain.fetch import KindCoverage
    from watchdaemon.plugins import LoadedPlugins
    from watchdaemon.ports import AdapterPlugin, PlatformAdapter
    from watchdaemon.settings import Settings

_LONGEST_NOTE: Final = 600
_STYLES = {
    "covered": "green", "partly": "yellow", "by hand": "cyan", "not covered": "dim", "FAULT": "bold red",
}  # fmt: skip
_PAGE_HEAD: Final = """# What is covered

Every kind of item that a citizen can write, on every platform with an adapter of ours, by the adapters' own word and
with their default settings. `watchdaemon platforms` shows the same with your settings and your plug-ins.

* **covered**: all of it is fetched in every watch window.
* **partly**: fetched, with the limit that is named below.
* **by hand**: no machine reads it; a person is asked to look in every watch window, and says so
  (`watchdaemon seen`). Why, platform by platform: [coverage-by-hand.md](coverage-by-hand.md).
* **not covered**: not seen by us, for the reason that is named below.

This page is written by `watchdaemon platforms --markdown`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind on one platform; `kind` is None where the adapter cannot be used."""

    platform: str
    kind: ItemKind | None
    cover: str
    note: str
    distribution: str | None

    def facts(self) -> dict[str, object]:
        """Return it as JSON has it; these names are relied on."""
        return {
            "platform": self.platform,
            "kind": self.kind,
            "cover": self.cover,
            "note": self.note,
            "distribution": self.distribution,
        }


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("platforms", rich_help_panel="Checking")(platforms)


def platforms(
    ctx: typer.Context,
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="PLATFORM", help="Only those; every installed one if none.")
    ] = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print it as a page, as docs/coverage.md.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show which kinds of items each platform's adapter covers, and for the others the limit or the reason.

    \b
    watchdaemon platforms
    watchdaemon platforms threads tiktok
    """
    settings = settings_of(ctx, config, required=False)
    lines, faults = coverage(settings, names)
    if as_json:
        emit_json(line.facts() for line in lines)
    elif as_markdown:
        typer.echo(page(lines), nl=False)
    else:
        _show(lines)
    for message in faults:
        note(f"watchdaemon: {message}")
    if faults:
        raise typer.Exit(1)


def coverage(
    settings: "Settings", names: Sequence[str] | None = None, *, account: "Account | None" = None
) -> tuple[list[Line], list[str]]:
    """Return the matrix, by platform, and what is wrong with adapters that cannot be used.

    With an account, what its own switches leave of its platform's.

    Raises:
        ConfigError: There is no adapter of one of these names.
    """
    from watchdaemon.handwritten import nearest_key
    from watchdaemon.plugins import find_plugins, load_plugins

    installed = sorted({e.name for e in find_plugins()})
    for name in names or ():
        if name not in installed:
            raise ConfigError(f"there is no adapter for {name!r}{nearest_key(name, installed)}")
    chosen = [name for name in installed if not names or name in names]
    loaded = load_plugins(chosen)
    faults = [str(error) for error in loaded.errors]
    return [line for name in chosen for line in _lines(name, loaded, settings, faults, account)], faults


def _lines(
    name: str, loaded: "LoadedPlugins", settings: "Settings", faults: list[str], account: "Account | None" = None
) -> Iterator[Line]:
    distribution = loaded.distributions.get(name)
    plugin = loaded.plugins.get(name)
    if plugin is None:
        yield Line(platform=name, kind=None, cover="FAULT", note="cannot be used", distribution=distribution)
        return
    try:
        kinds = _kinds(make_adapter(plugin, settings), account)
    except ConfigError as error:
        faults.append(str(error))
        yield Line(platform=name, kind=None, cover="FAULT", note="its settings are wrong", distribution=distribution)
        return
    except Exception as error:  # noqa: BLE001 - one plug-in's fault must not hide what the others cover
        faults.append(f"adapter {name!r} of {distribution!r} cannot be made: {type(error).__name__}: {error}")
        yield Line(platform=name, kind=None, cover="FAULT", note="cannot be made", distribution=distribution)
        return
    for one in kinds:
        yield Line(platform=name, kind=one.kind, cover=one.cover, note=one.note, distribution=distribution)


def _kinds(adapter: "PlatformAdapter", account: "Account | None") -> "Sequence[KindCoverage]":
    from watchdaemon.ports import CoversByAccount

    if account is not None and isinstance(adapter, CoversByAccount):
        return adapter.kinds_of(account)
    return adapter.kinds()


def make_adapter(plugin: "AdapterPlugin", settings: "Settings") -> "PlatformAdapter":
    """Make an adapter that will not be asked to fetch. Raises ConfigError."""
    from watchdaemon.clock import system_clock
    from watchdaemon.http import Road
    from watchdaemon.ports import AdapterContext

    road = Road()
    try:
        context = AdapterContext(
            road=road,
            credentials=settings.credential_source(),
            clock=system_clock,
            look_back=settings.watch_policy().look_back,
        )
        return plugin.create(settings.platforms.get(plugin.name, {}), context)
    finally:
        road.close()


# ---- how it is shown -------------------------------------------------------------------------------------------


def _show(lines: Sequence[Line]) -> None:
    heads = ["PLATFORM", *(kind.value.replace("_", " ").upper() for kind in ItemKind)]
    emit_table(heads, [[name, *cells] for name, cells in _matrix(lines)], styles=lambda cell: _STYLES.get(cell, ""))
    typer.echo()
    for line in lines:
        if line.kind is not None and line.note:
            typer.echo(f"{line.platform} {_words(line.kind)}: {said(line)}")


def said(line: Line) -> str:
    """Return how a kind is covered, in words: ``partly: the newest 20 of a conversation``."""
    return f"{line.cover}: {clean(line.note, longest=_LONGEST_NOTE)}" if line.note else line.cover


def page(lines: Sequence[Line]) -> str:
    """Return the matrix and its notes as Markdown."""
    heads = ["", *(_words(kind) for kind in ItemKind)]
    table = [heads, ["---"] * len(heads), *([f"**{name}**", *cells] for name, cells in _matrix(lines))]
    parts = [_PAGE_HEAD, "\n".join(f"| {' | '.join(row)} |" for row in table), ""]
    for name, _ in _matrix(lines):
        parts += [f"## {name}", ""]
        parts += [f"* {_words(x.kind)}: {said(x)}" for x in lines if x.platform == name and x.kind is not None]
        parts.append("")
    return "\n".join(parts).rstrip("\n") + "\n"


def _matrix(lines: Sequence[Line]) -> list[tuple[str, list[str]]]:
    names = list(dict.fromkeys(line.platform for line in lines))
    cover = {(line.platform, line.kind): line.cover for line in lines}
    return [(name, [cover.get((name, kind), cover.get((name, None), "")) for kind in ItemKind]) for name in names]


def _words(kind: ItemKind) -> str:
    return kind.value.replace("_", " ")


def is_watched_by_hand(lines: Sequence[Line]) -> bool:
    """Tell whether a platform's lines say that only a person watches there."""
    return any(line.cover == Cover.BY_HAND for line in lines)
