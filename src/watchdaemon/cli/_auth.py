"""Connecting accounts, and what is stored of them: ``auth``, and ``credentials``."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from watchdaemon.cli._output import emit_json, emit_table, local_text, note, utc_text
from watchdaemon.cli._session import AsJson, Config, built, opened, settings_of, who
from watchdaemon.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from watchdaemon.app import App
    from watchdaemon.cli._session import Session
    from watchdaemon.credentials import KeptCredentials
    from watchdaemon.domain.account import Account
    from watchdaemon.domain.credential import CredentialCheck
    from watchdaemon.ports import Ask, Connector, Way
    from watchdaemon.services.credentials import Connected

_REDIRECT: Final = "http://127.0.0.1:8471/callback"
_WAIT_SECONDS: Final = 300.0
_STYLES: Final = {"valid": "green", "dead": "bold red", "unknown": "yellow", "refused": "bold red"}


def add_to(program: typer.Typer) -> None:
    """Add the commands."""
    program.command("auth", rich_help_panel="Register")(auth)
    stored = typer.Typer(no_args_is_help=True, help="Stored credentials, and the key they are encrypted with.")
    stored.command("list")(list_credentials)
    stored.command("new-key")(make_key)
    stored.command("rotate")(rotate)
    stored.command("forget")(forget)
    program.add_typer(stored, name="credentials", rich_help_panel="Register")


# ---- auth ------------------------------------------------------------------------------------------------------


def auth(
    ctx: typer.Context,
    *,
    platform: Annotated[str, typer.Argument(metavar="PLATFORM", help="facebook, x, youtube …")],
    account: Annotated[str, typer.Option("--account", "-a", metavar="ACCOUNT", help="Which account, by its key.")],
    way: Annotated[
        str | None, typer.Option("--way", metavar="WAY", help="How, when the platform knows several; see --ways.")
    ] = None,
    ways: Annotated[bool, typer.Option("--ways", help="Only show the ways there are, and what each needs.")] = False,
    app_credential: Annotated[
        str | None,
        typer.Option("--app", metavar="NAME", help="A credential with the app's own keys; else they are asked for."),
    ] = None,
    paste: Annotated[
        bool, typer.Option("--paste", help="No browser on this machine: paste the address it was sent to at the end.")
    ] = False,
    moderate: Annotated[
        bool, typer.Option("--moderate", help="Ask for what hiding, deleting and answering needs, too.")
    ] = False,
    redirect_uri: Annotated[
        str, typer.Option("--redirect-uri", metavar="URI", help="As it is registered with the app.")
    ] = _REDIRECT,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who connects it, for the audit trail.")
    ] = None,
    config: Config = None,
) -> None:
    """Connect an account: its owner consents, the platform proves whose it is, and the credential is kept encrypted.

    Asks for the least that reading needs; with --moderate also for what `watchdaemon moderate` needs. Nothing secret
    is given on the command line: it is asked for, or read line by line from standard input. A credential that belongs
    to another account is refused.

    \b
    watchdaemon auth x --account kommunen-x
    watchdaemon auth facebook --account biblioteket-fb --app meta-app --paste
    watchdaemon auth x --account kommunen-x --moderate
    watchdaemon auth bluesky --account kommunen-bsky
    """
    from watchdaemon.daemon.logs import configure_logging

    settings = settings_of(ctx, config)
    configure_logging(level="warning", style=settings.log.format)
    with built(settings) as app:
        owner = _account(app, account, platform)
        connector = _connector(app, platform)
        if ways:
            _show_ways(connector)
            return
        chosen = _way(connector, way, moderate=moderate)
        app.credentials.check_key()  # before anybody consents to what could not be kept
        _guide(chosen, redirect_uri)
        given = _given(chosen, app.credentials.read(app_credential) if app_credential else {})
        fields = _fields(connector, chosen, owner, given, redirect_uri=redirect_uri, paste=paste)
        connected = app.connections.keep(owner, fields, by=by or who())
        _tell(app, connected, moderate=moderate)


def _account(app: "App", key: str, platform: str) -> "Account":
    from watchdaemon.handwritten import nearest_key

    accounts = app.register().accounts
    if key not in accounts:
        raise ConfigError(f"there is no account {key!r} in the register{nearest_key(key, accounts)}")
    if accounts[key].platform != platform:
        raise ConfigError(f"account {key!r} is on {accounts[key].platform}, not on {platform}")
    return accounts[key]


def _connector(app: "App", platform: str) -> "Connector":
    from watchdaemon.ports import Connects

    adapter = app.adapter(platform)
    if not isinstance(adapter, Connects):
        raise ConfigError(
            f"accounts on {platform} are not connected by this command: put their secret into a file of its own "
            "([credentials] directory), or watch them by hand"
        )
    return adapter.connector()


def _way(connector: "Connector", name: str | None, *, moderate: bool) -> "Way":
    found = next((w for w in connector.ways if name in (None, w.name)), None)
    if found is None:
        raise ConfigError(f"--way: must be one of {', '.join(w.name for w in connector.ways)}")
    return replace(found, scopes=(*found.scopes, *found.moderation_scopes)) if moderate else found


def _show_ways(connector: "Connector") -> None:
    rows = [
        (
            w.name,
            w.summary,
            ", ".join(a.name for a in w.asks) or "nothing",
            " ".join(w.scopes),
            " ".join(w.moderation_scopes) or "nothing more",
        )
        for w in connector.ways
    ]
    emit_table(["WAY", "HOW", "NEEDS", "SCOPES", "WITH --moderate"], rows)


def _guide(way: "Way", redirect_uri: str) -> None:
    """Say what to do on the platform first."""
    note(f"{way.name}: {way.summary}.")
    for line in way.guide:
        note(f"  {line}")
    if way.uses_browser:
        note(f"  Redirect URI: {redirect_uri}")
    if way.scopes:
        note(f"  Scopes: {' '.join(way.scopes)}")


def _given(way: "Way", known: "Mapping[str, SecretStr]") -> "dict[str, SecretStr]":
    """Take from the app's credential what it has, and ask for the rest."""
    from pydantic import SecretStr

    given = {ask.name: known[ask.name] for ask in way.asks if ask.name in known}
    for ask in way.asks:
        if ask.name not in given and (ask.is_required or not known):
            answer = _asked(ask)
            if answer:
                given[ask.name] = SecretStr(answer)
            elif ask.is_required:
                raise ConfigError(f"{ask.name} is needed: {ask.label}")
    return given


def _asked(ask: "Ask") -> str:
    label = ask.label if ask.is_required else f"{ask.label}, optional"
    return _line(label, is_secret=ask.is_secret)


def _line(label: str, *, is_secret: bool) -> str:
    """Ask on a terminal (without echo for a secret); from a pipe read one line for each question."""
    if sys.stdin.isatty():
        return str(typer.prompt(label, hide_input=is_secret, default="", show_default=False)).strip()
    note(f"{label}:")
    return sys.stdin.readline().strip()


def _fields(
    connector: "Connector",
    way: "Way",
    account: "Account",
    given: "Mapping[str, SecretStr]",
    *,
    redirect_uri: str,
    paste: bool,
) -> "Mapping[str, SecretStr]":
    from pydantic import SecretStr

    from watchdaemon.cli._loopback import Receiver, pasted_code

    if not way.uses_browser:
        return connector.finish(way, account, given, None, SecretStr(""))
    consent = connector.begin(way, account, given, redirect_uri)
    if paste:
        _announce(consent.url, way.scopes)
        code = pasted_code(_line("The address the browser ended at", is_secret=True), consent.state)
    else:
        with Receiver(redirect_uri, consent.state) as receiver:
            _announce(consent.url, way.scopes)
            note(f"Waiting for the consent at {redirect_uri} …")
            code = receiver.wait(_WAIT_SECONDS)
    return connector.finish(way, account, given, consent, code)


def _announce(url: str, scopes: Sequence[str]) -> None:
    note("Open this address in a browser in which the account's owner is logged in, and consent:")
    typer.echo(url)
    note(f"It asks for: {' '.join(scopes)}")


def _tell(app: "App", connected: "Connected", *, moderate: bool) -> None:
    from watchdaemon.services.credentials import shared_with

    health, account = connected.health, connected.account
    zone = app.settings.organisation.timezone
    typer.echo(f"Connected: {account.key} by credential {connected.credential!r}; {health.detail}.")
    if health.expires_at is not None:
        typer.echo(f"Ends {local_text(health.expires_at, zone)}; you are reminded 14, 7 and 1 days ahead.")
    others = shared_with(app.register(), account)
    if others:
        typer.echo(f"The same credential is read for {', '.join(others)}.")
    if moderate and health.missing_for_moderation:
        lacks = ", ".join(health.missing_for_moderation)
        note(f"It lacks {lacks}: without it nothing can be hidden, deleted or answered. Consent again to all of it.")
    if health.missing_scopes:
        note(
            f"It lacks {', '.join(health.missing_scopes)}: what needs that cannot be read. Consent again to all of it."
        )
    if health.missing_scopes or (moderate and health.missing_for_moderation):
        raise typer.Exit(1)


# ---- credentials -----------------------------------------------------------------------------------------------


def list_credentials(ctx: typer.Context, as_json: AsJson = False, config: Config = None) -> None:
    """Show each watched account's credential: where it is, what the platform last said of it, and when it ends.

    Reads what is stored; `doctor` asks the platforms. Secrets are never shown.
    """
    with opened(ctx, config) as session:
        rows = _rows(session)
    if as_json:
        emit_json(rows)
        return
    heads = ("account", "credential", "origin", "state", "verdict", "kind", "ends", "asked", "detail")
    emit_table([h.upper() for h in heads], [[r[h] for h in heads] for r in rows], styles=lambda c: _STYLES.get(c, ""))


def _rows(session: "Session") -> list[dict[str, object]]:
    stored = {o.name: o for o in _kept(session).overview()}
    checks = session.store.credential_checks()
    rows = []
    for account in session.store.load_register().watched():
        name = account.credential
        overview = stored.get(name) if name else None
        check = checks.get(account.key)
        known = check if check is not None and check.credential == name else None
        rows.append(
            {
                "account": account.key,
                "platform": account.platform,
                "credential": name,
                "origin": overview.origin if overview else "file" if name else None,
                "state": overview.state if overview else None,
                "connected": utc_text(overview.changed_at) if overview else None,
                "connected_in_audit_by": overview.changed_by if overview else None,
                "fault": overview.fault if overview else "",
                **_facts(known, session),
            }
        )
    return rows


def _facts(check: "CredentialCheck | None", session: "Session") -> dict[str, object]:
    return {
        "verdict": check.verdict if check else None,
        "kind": check.kind if check else "",
        "scopes": list(check.scopes) if check else [],
        "missing_scopes": list(check.missing_scopes) if check else [],
        "connected_by": check.connected_by if check else None,
        "expires_at": utc_text(check.expires_at) if check else None,
        "clocks": {name: utc_text(end) for name, end in check.clocks.items()} if check else {},
        "checked_at": utc_text(check.checked_at) if check else None,
        "detail": check.detail if check else "",
        "ends": local_text(check.expires_at, session.zone) if check else "",
        "asked": local_text(check.checked_at, session.zone) if check else "",
    }


def make_key() -> None:
    """Print a fresh key, for the credential named by [credentials] key. Keep it apart from the database's backups.

    \b
    (umask 077; watchdaemon credentials new-key > /etc/watchdaemon/credentials/watchdaemon-key)
    """
    from watchdaemon.credentials import new_key

    typer.echo(new_key().get_secret_value())


def rotate(ctx: typer.Context, config: Config = None) -> None:
    """Encrypt everything stored anew with the first key. Afterwards the older keys may be removed.

    Put the new key first: `key = "new"` and, in the same file, `old = "old"`.
    """
    with opened(ctx, config) as session:
        count = _kept(session).rotate()
    typer.echo(f"{count} credentials are encrypted with the first key now.")


def forget(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The credential's name; see `credentials list`.")],
    config: Config = None,
) -> None:
    """Remove a stored credential. A file of that name is left alone, and the platform is not told: revoke it there."""
    with opened(ctx, config) as session:
        if not _kept(session).forget(name):
            raise ConfigError(f"no credential {name!r} is stored")
    typer.echo(f"Credential {name!r} is no longer stored.")


def _kept(session: "Session") -> "KeptCredentials":
    from watchdaemon.credentials import KeptCredentials

    settings = session.settings
    return KeptCredentials(
        session.store, settings.credential_source(), key=settings.credentials.key, clock=lambda: session.now
    )
