"""Is everything in order: ``check-config``, ``doctor``."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from watchdaemon.cli._coverage import coverage, is_watched_by_hand, make_adapter
from watchdaemon.cli._output import emit_json, emit_table
from watchdaemon.cli._session import AsJson, Config, config_path, settings_of
from watchdaemon.errors import ConfigError, Fault, WatchdaemonError

if TYPE_CHECKING:
    from watchdaemon.domain.account import Register
    from watchdaemon.ports import AdapterPlugin
    from watchdaemon.settings import Settings

_PANEL = "Checking"
_PATIENCE_SECONDS: Final = 10.0
_STYLES = {
    "ok": "green", "warning": "yellow", "FAULT": "bold red",
}  # fmt: skip


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    program.command("check-config", rich_help_panel=_PANEL)(check_config)
    program.command("doctor", rich_help_panel=_PANEL)(doctor)


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


def _style(cell: str) -> str:
    return _STYLES.get(cell, "")


# ---- doctor ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `state` is "ok", "warning" or "FAULT"."""

    what: str
    state: str
    detail: str


def doctor(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Look at everything the daemon needs: configuration, database, adapters, credentials, mail server.

    Asks the database and the mail server; the platforms are not asked. Ends with 1 when something is at fault.
    """
    settings = settings_of(ctx, config)
    findings = list(_examine(settings, config_path(ctx, config)))
    if as_json:
        emit_json({"what": f.what, "state": f.state, "detail": f.detail} for f in findings)
    else:
        emit_table(["WHAT", "STATE", "DETAIL"], [(f.what, f.state, f.detail) for f in findings], styles=_style)
    if any(f.state == "FAULT" for f in findings):
        raise typer.Exit(1)


def _examine(settings: "Settings", path: Path | None) -> Iterator[Finding]:
    faults = platform_faults(settings, path)
    yield Finding("configuration", "FAULT" if faults else "ok", "; ".join(map(str, faults)) or str(path))
    yield from _examine_plugins()
    register = None
    try:
        register = _read_register(settings)
        yield Finding("database", "ok", f"answers; {len(register.accounts)} accounts registered")
    except WatchdaemonError as error:
        yield Finding("database", "FAULT", str(error))
    if register is not None:
        yield from _examine_accounts(register, settings)
    yield _tried("mail server", f"{settings.mail.host}:{settings.mail.port} answers", lambda: _greet(settings))


def _examine_plugins() -> Iterator[Finding]:
    from watchdaemon.plugins import load_plugins

    loaded = load_plugins()
    yield Finding("adapters", "ok" if loaded.plugins else "FAULT", ", ".join(sorted(loaded.plugins)) or "none")
    for error in loaded.errors:
        yield Finding("adapters", "FAULT", str(error))


def _read_register(settings: "Settings") -> "Register":
    from watchdaemon.storage import open_store

    store = open_store(settings.database_url().get_secret_value())
    try:
        return store.load_register()
    finally:
        store.close()


def _examine_accounts(register: "Register", settings: "Settings") -> Iterator[Finding]:
    from watchdaemon.plugins import find_plugins

    installed = {e.name for e in find_plugins()}
    watched = register.watched()
    if not watched:
        yield Finding("accounts", "warning", "none is watched: see `watchdaemon accounts import`")
    lines, _ = coverage(settings)
    by_hand = {p for p in installed if is_watched_by_hand([line for line in lines if line.platform == p])}
    for account in watched:
        if account.platform not in installed:
            yield Finding(f"account {account.key}", "FAULT", f"no adapter for {account.platform}")
        if account.credential is None and account.platform not in by_hand:
            yield Finding(f"account {account.key}", "warning", "names no credential")
    source = settings.credential_source()
    for name, keys in sorted(_credentials(register).items()):
        users = f"used by {', '.join(keys)}"
        yield _tried(f"credential {name}", f"readable; {users}", partial(source.read, name))


def _credentials(register: "Register") -> Mapping[str, list[str]]:
    named: dict[str, list[str]] = {}
    for account in register.watched():
        if account.credential is not None:
            named.setdefault(account.credential, []).append(account.key)
    return named


def _tried(what: str, good: str, action: Callable[[], object]) -> Finding:
    try:
        action()
    except (WatchdaemonError, OSError) as error:  # smtplib's errors are OSErrors
        return Finding(what, "FAULT", str(error) or type(error).__name__)
    return Finding(what, "ok", good)


def _greet(settings: "Settings") -> None:
    """Connect, greet and say good-bye, encrypted as configured; logs in nowhere and sends nothing."""
    import smtplib
    import ssl

    mail = settings.mail
    patience = min(_PATIENCE_SECONDS, mail.timeout.total_seconds())
    tls = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(mail.host, mail.port, timeout=patience, context=tls)
        if mail.security == "tls"
        else smtplib.SMTP(mail.host, mail.port, timeout=patience)
    )
    with server:
        if mail.security == "starttls":
            server.starttls(context=tls)
        server.ehlo()
