"""``doctor``: looks at everything the daemon needs, and says in a person's words what is wrong and what to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watchdaemon.cli._checks import platform_faults
from watchdaemon.cli._coverage import coverage, is_watched_by_hand
from watchdaemon.cli._output import emit_json, emit_table
from watchdaemon.cli._probe import probe_accounts
from watchdaemon.cli._remedies import Finding, State, finding_of, finding_of_version, missing_credential, no_way_out
from watchdaemon.cli._session import AsJson, Config, built, config_path, settings_of
from watchdaemon.errors import ConfigError, Reason, WatchdaemonError

if TYPE_CHECKING:
    from watchdaemon.app import App
    from watchdaemon.domain.account import Account, Register
    from watchdaemon.settings import Settings

_PATIENCE_SECONDS: Final = 10.0
_MAILS_SINCE: Final = timedelta(days=14)
_STYLES: Final = {"ok": "green", "warning": "yellow", "FAULT": "bold red"}


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("doctor", rich_help_panel="Checking")(doctor)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What shall be looked at: these accounts (None: everything), and whether their platforms are asked."""

    accounts: Sequence[str] | None
    is_offline: bool


def doctor(
    ctx: typer.Context,
    *,
    accounts: Annotated[
        list[str] | None, typer.Argument(metavar="ACCOUNT", help="Only these accounts; else everything.")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the platforms.")] = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask the accounts' platforms what their documentation leaves open.")
    ] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Look at everything the daemon needs, and say what is wrong and what to do about it.

    Configuration, database, adapters, credentials, mail server; and each account's platform is asked whether its
    credential works, what it may do and when it ends. Fetches and mails nothing. Ends with 1 when something is at
    fault.

    With --probe it does nothing of that, and asks the platforms of the named accounts what their documentation leaves
    open: what that takes is said beforehand, nothing is changed. docs/doctor.md explains each question.

    \b
    watchdaemon doctor
    watchdaemon doctor kommunen-x
    watchdaemon doctor biblioteket-fb --probe
    """
    from watchdaemon.daemon.logs import configure_logging

    settings = settings_of(ctx, config)
    configure_logging(level="warning", style=settings.log.format)
    if probe:
        probe_accounts(settings, accounts or (), as_json=as_json)
        return
    findings = list(_examine(settings, config_path(ctx, config), _Wish(accounts or None, offline)))
    if as_json:
        emit_json(map(asdict, findings))
    else:
        _show(findings)
    if any(f.state == State.FAULT for f in findings):
        raise typer.Exit(1)


def _show(findings: Sequence[Finding]) -> None:
    """Show what is in order as a table, and what is not as sentences, which a table would cut off."""
    from watchdaemon.cli._output import clean

    rows = [(f.what, f.state, f.detail if not f.next else f"{f.detail}. {f.next}") for f in findings]
    emit_table(["WHAT", "STATE", "DETAIL"], rows, styles=lambda cell: _STYLES.get(cell, ""))
    told = [f for f in findings if f.state != State.OK or f.next]
    if told:
        typer.echo("")
    for f in told:
        words = f.next if f.state == State.OK else f"{f.detail}. {f.next}" if f.next else f.detail
        typer.echo(f"{f.state} {f.what}: {clean(words, longest=1000)}")


def _examine(settings: "Settings", path: Path | None, wish: _Wish) -> Iterator[Finding]:
    if wish.accounts is None:
        faults = platform_faults(settings, path)
        yield Finding("configuration", State.FAULT if faults else State.OK, "; ".join(map(str, faults)) or str(path))
        yield from _examine_plugins()
    try:
        with built(settings) as app:
            register = app.register()
            if wish.accounts is None:
                yield Finding("database", State.OK, f"answers; {len(register.accounts)} accounts registered")
                yield from _examine_register(app, register)
                yield from _examine_named(settings, register)
                yield from _examine_outbox(app)
            chosen = _chosen(register, wish.accounts)
            yield from _examine_credentials(app, chosen)
            if not wish.is_offline:
                yield from _ask_platforms(app, chosen)
    except ConfigError:
        raise
    except WatchdaemonError as error:
        yield Finding("database", State.FAULT, str(error))
    if wish.accounts is None:
        where = f"{settings.mail.host}:{settings.mail.port}"
        yield _tried("mail server", f"{where} answers", partial(_greet, settings), "Check [mail] host, port, security.")


def _examine_plugins() -> Iterator[Finding]:
    from watchdaemon.plugins import load_plugins

    loaded = load_plugins()
    yield Finding("adapters", State.OK if loaded.plugins else State.FAULT, ", ".join(sorted(loaded.plugins)) or "none")
    for error in loaded.errors:
        yield Finding("adapters", State.FAULT, str(error))


def _examine_register(app: "App", register: "Register") -> Iterator[Finding]:
    if not register.watched():
        yield Finding("accounts", State.WARNING, "none is watched", "Import a register: watchdaemon accounts import")
    from watchdaemon.plugins import find_plugins

    installed = {e.name for e in find_plugins()}
    for account in register.watched():
        if account.platform not in installed:
            what = f"account {account.key}"
            yield Finding(what, State.FAULT, f"no adapter for {account.platform}", "Install a plug-in for it.")
    yield _tried(
        "credential key", "can encrypt", app.credentials.check_key, "Until then only files are read.", State.WARNING
    )


def _examine_named(settings: "Settings", register: "Register") -> Iterator[Finding]:
    """Name each person of the configuration whom the register does not know, and a communications unit of nobody."""
    named = {
        "organisation.communications": settings.communications(),
        "alerts.channels": tuple(settings.alerts.channels),
    }
    if not settings.communications():
        detail = "nobody is named: no monthly overview, and nobody hears of a standstill that no account suffered from"
        hint = 'Name persons of the register, communications = ["…"] in [organisation].'
        yield Finding("organisation.communications", State.WARNING, detail, hint)
    for setting, persons in named.items():
        for person in persons:
            if person not in register.persons:
                detail = f"names {person!r}, who is no person of the register and gets nothing"
                yield Finding(setting, State.FAULT, detail, "Correct the key, or import the person.")


def _examine_outbox(app: "App") -> Iterator[Finding]:
    """Name each person whose mail does not arrive: nobody else would notice."""
    from watchdaemon.clock import system_clock
    from watchdaemon.domain.delivery import Delivery, DeliveryState

    troubles = {trouble.person: trouble for trouble in app.store.mail_troubles()}
    for person, trouble in troubles.items():
        told = f"comes back since {trouble.since:%Y-%m-%d}: {trouble.status}, {trouble.detail}"
        step = "Correct the person's address in the register: watchdaemon accounts import"
        yield Finding(f"mail to {person}", State.FAULT, told, step)
    latest: dict[str, Delivery] = {}
    for delivery in app.store.deliveries(since=system_clock() - _MAILS_SINCE):
        latest[delivery.mail.key.recipient] = delivery
    for person, delivery in sorted(latest.items()):
        told = f"{delivery.mail.key}: {delivery.last_error}"
        if person in troubles:
            continue
        if delivery.state is DeliveryState.BOUNCED:
            step = "Correct the person's address in the register: watchdaemon accounts import"
            yield Finding(f"mail to {person}", State.FAULT, told, step)
        elif delivery.attempts and delivery.state is DeliveryState.QUEUED:
            step = "It is tried again by itself; if it stays, ask whoever runs the mail server"
            yield Finding(f"mail to {person}", State.WARNING, told, step)


def _chosen(register: "Register", keys: Sequence[str] | None) -> "list[Account]":
    from watchdaemon.handwritten import nearest_key

    if keys is None:
        return list(register.watched())
    for key in keys:
        if key not in register.accounts:
            raise ConfigError(f"there is no account {key!r} in the register{nearest_key(key, register.accounts)}")
    return [register.accounts[key] for key in keys]


def _examine_credentials(app: "App", accounts: "Sequence[Account]") -> Iterator[Finding]:
    by_hand = _platforms_by_hand(app)
    named: dict[str, list[Account]] = {}
    for account in accounts:
        if account.credential is not None:
            named.setdefault(account.credential, []).append(account)
        elif account.platform not in by_hand:
            yield missing_credential(account)
    for name, users in sorted(named.items()):
        used = f"readable; used by {', '.join(a.key for a in users)}"
        step = f"Connect it: watchdaemon auth {users[0].platform} --account {users[0].key}"
        yield _tried(f"credential {name}", used, partial(app.credentials.read, name), step)


def _platforms_by_hand(app: "App") -> set[str]:
    lines, _ = coverage(app.settings)
    platforms = {line.platform for line in lines}
    return {p for p in platforms if is_watched_by_hand([line for line in lines if line.platform == p])}


def _ask_platforms(app: "App", accounts: "Sequence[Account]") -> Iterator[Finding]:
    """Ask about one account of each platform first: when none answers, the way out is at fault, and told once."""
    asked = [a for a in accounts if a.credential is not None]
    scouts = list({a.platform: a for a in reversed(asked)}.values())
    examined = dict(zip((a.key for a in scouts), app.health.examine(scouts), strict=True))
    silent = [e for e in examined.values() if e.silence is not None and e.silence.reason is Reason.OUTAGE]
    if len(scouts) > 1 and len(silent) == len(scouts) and not app.reached.platforms:
        yield no_way_out(platforms=len(scouts), accounts=len(asked))
        return
    rest = [a for a in asked if a.key not in examined]
    examined |= zip((a.key for a in rest), app.health.examine(rest), strict=True)
    zone = app.settings.organisation.timezone
    yield from (finding_of(account, examined[account.key], zone) for account in asked)
    yield from map(finding_of_version, app.reached.other_versions)


def _tried(what: str, good: str, action: Callable[[], object], step: str = "", state: State = State.FAULT) -> Finding:
    try:
        action()
    except (WatchdaemonError, OSError) as error:  # smtplib's errors are OSErrors
        return Finding(what, state, str(error) or type(error).__name__, step)
    return Finding(what, State.OK, good)


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
