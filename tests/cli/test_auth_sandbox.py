"""Connecting an account on each platform of the sandbox, from its own authorize page to a credential that is proven.

The browser is a stand-in that reads the page and clicks; everything else is real. Costs some 10 seconds.
"""

import html
import http.client
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.conftest import NINE, Run
from tests.cli.test_auth import free_redirect, kept
from tests.costs.places import PLACES

from watchdaemon.cli import _auth
from watchdaemon.clock import system_clock
from watchdaemon.credentials import new_key
from watchdaemon.domain.account import Account, Ownership, Person, Register
from watchdaemon.sandbox.consent import APP_ID, APP_SECRET
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import ShiftedClock, Token, TokenKind, World, WorldAccount
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store

BROWSER = ("facebook", "instagram", "threads", "x", "youtube", "mastodon")
APP = {
    "facebook": ("app_id", "app_secret"),
    "instagram": ("app_id", "app_secret"),
    "threads": ("app_id", "app_secret"),
    "x": ("client_id", "client_secret"),
    "youtube": ("client_id", "client_secret"),
}
WRITING = {
    "facebook": "pages_manage_engagement",
    "threads": "threads_manage_replies",
    "x": "tweet.moderate.write",
    "mastodon": "write:statuses",
}


def key_of(platform: str) -> str:
    """The account of the municipality on a platform."""
    return f"kommunen-{platform}"


@dataclass
class Town:
    """The platforms, and a configuration that leads to them."""

    config: Path
    world: World
    clock: ShiftedClock
    server: SandboxServer
    pages: list[tuple[int, str]] = field(default_factory=list)  # what the browser was shown

    def connect(self, run: Run, platform: str, *more: str, stdin: str | None = None) -> "str":
        """Run `auth`; returns all that it said, after its exit code."""
        app = ("--app", "app") if platform in APP else ()
        result = run("auth", platform, "-a", key_of(platform), *app, *more, "-c", self.config, stdin=stdin)
        return f"{result.exit_code}\n{result.output}"

    def scopes(self, token: str) -> frozenset[str]:
        """What a token may do, by the platform's own books."""
        found = self.world.find_token(token)
        return found.scopes if found is not None else frozenset()


def _world(clock: ShiftedClock) -> World:
    accounts: list[WorldAccount] = []
    for platform, place in PLACES.items():
        for account in place.world_accounts(key_of(platform)):
            accounts.append(account)
            if platform != "bluesky":  # so far nothing opens it; the Page of Instagram's account is a Page like another
                accounts[-1] = replace(account, tokens=())
    app = Token(value=f"{APP_ID}|{APP_SECRET}", kind=TokenKind.APP, accounts=frozenset())
    accounts[0] = replace(accounts[0], tokens=(*accounts[0].tokens, app))
    return World(clock, accounts)


@pytest.fixture
def town(config: Path) -> Iterator[Town]:
    """All platforms, with an account on each, and an office that is connected to none."""
    clock = ShiftedClock(system_clock)
    world = _world(clock)
    with SandboxServer(world) as server:
        tables = "".join(f'[platforms.{name}]\nbase_url = "{server.base_url(name)}"\n' for name in server.platforms)
        config.write_text(config.read_text() + tables)
        secrets = config.parent / "credentials"
        (secrets / "watchdaemon-key").write_text(new_key().get_secret_value())
        names = sorted({name for pair in APP.values() for name in pair})
        values = {name: APP_SECRET if name.endswith("secret") else APP_ID for name in names}
        (secrets / "app").write_text("".join(f'{name} = "{value}"\n' for name, value in values.items()))
        with closing(open_store(load_settings(config).database_url().get_secret_value())) as store:
            people = {"anna": Person(key="anna", name="Anna Exempel", mail="anna@example.org")}
            accounts = {a.key: a for a in map(_account, PLACES)}
            store.apply_changes(Register(persons=people, accounts=accounts), [], by="test", at=NINE)
        yield Town(config, world, clock, server)
        assert server.errors == []


def _account(platform: str) -> Account:
    known = PLACES[platform].account(key_of(platform))
    return replace(known, manager="anna", owners=(Ownership(person="anna"),), credential=None)


# ---- the owner's browser -----------------------------------------------------------------------------------------


def get(url: str) -> tuple[int, str, str]:
    """One GET: the status, where it redirects to, and the page."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        body = answer.read().decode()
        return answer.status, answer.headers.get("Location", ""), body


def click(url: str, choice: str) -> str:
    """Open the authorize page, click the link with these words, and return where the browser is sent."""
    status, _, page = get(url)
    links = {html.unescape(words): html.unescape(link) for link, words in re.findall(r'href="([^"]+)">([^<]+)<', page)}
    assert status == 200, page
    (target,) = [link for words, link in links.items() if choice in words]
    return get(target)[1]


@pytest.fixture
def browser(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """A browser that clicks what it is told to as soon as an address is shown, and follows the redirect."""
    threads: list[threading.Thread] = []
    choice = [""]

    def go(url: str) -> None:
        town.pages.append((0, url))
        sent = click(url, choice[0])
        town.pages.append((get(sent)[0], sent))

    def announced(url: str, scopes: Sequence[str]) -> None:
        threads.append(threading.Thread(target=go, args=(url,), daemon=True))
        threads[-1].start()

    monkeypatch.setattr(_auth, "_announce", announced)
    yield lambda words: choice.__setitem__(0, words)
    for thread in threads:
        thread.join(timeout=10)


def owner_of(platform: str) -> str:
    """What the page calls the account; Instagram's owner consents as the Page's."""
    return f"({key_of(platform)}{'-page' if platform == 'instagram' else ''})"


# ---- the whole way ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", BROWSER)
def test_an_account_is_connected_with_reading_s_scopes_alone(
    platform: str, run: Run, town: Town, browser: Callable[[str], None]
) -> None:
    browser(owner_of(platform))
    said = town.connect(run, platform, "--redirect-uri", free_redirect())
    stored = kept(town.config, key_of(platform))
    token = stored.get("token") or stored["refresh_token"]
    checked = run("doctor", key_of(platform), "-c", town.config)

    assert said.startswith("0\n"), said
    assert f"Connected: {key_of(platform)}" in said
    assert town.pages[-1][0] == 200
    assert token not in said + checked.output
    assert WRITING.get(platform, "write") not in town.scopes(token)
    assert checked.exit_code == 0, checked.output
    assert ("--moderate" in checked.output) is (platform in WRITING)
    assert WRITING.get(platform, "") in checked.output


@pytest.mark.parametrize("platform", WRITING)
def test_with_moderate_it_asks_for_the_writing_ones_and_the_doctor_misses_nothing(
    platform: str, run: Run, town: Town, browser: Callable[[str], None]
) -> None:
    browser(owner_of(platform))
    said = town.connect(run, platform, "--moderate", "--redirect-uri", free_redirect())
    token = kept(town.config, key_of(platform))["token"]
    checked = run("doctor", key_of(platform), "-c", town.config)

    assert said.startswith("0\n"), said
    assert WRITING[platform] in town.scopes(token)
    assert checked.exit_code == 0, checked.output
    assert "--moderate" not in checked.output


@pytest.mark.parametrize("platform", BROWSER)
def test_another_s_consent_is_refused_and_nothing_is_kept(
    platform: str, run: Run, town: Town, browser: Callable[[str], None]
) -> None:
    foreign = replace(town.world.account(key_of(platform)), key="granne", native_id="4711", linked_id=None, tokens=())
    town.world.put_account(replace(foreign, platform="facebook") if platform == "instagram" else foreign)
    browser("(granne)")
    said = town.connect(run, platform, "--redirect-uri", free_redirect())

    assert said.startswith("1\n"), said
    assert "another" in said or "no role on this account's Page" in said
    assert run("credentials", "list", "-c", town.config).output.count("stored") == 0


@pytest.mark.parametrize("platform", ["x", "threads"])
def test_an_owner_who_denies_is_told_as_that(
    platform: str, run: Run, town: Town, browser: Callable[[str], None]
) -> None:
    browser("Deny")
    said = town.connect(run, platform, "--redirect-uri", free_redirect())

    assert "no consent was given: the account's owner said no (access_denied)" in said


# ---- a server without a browser: what can be wrong at each step ---------------------------------------------------


def paste(town: Town, run: Run, platform: str, monkeypatch: pytest.MonkeyPatch, tamper: Callable[[str], str]) -> str:
    """Connect by pasting where the browser ended at, after something was done to it."""
    shown: list[str] = []

    def announced(url: str, scopes: Sequence[str]) -> None:
        shown.append(url)

    def typed(label: str, *, is_secret: bool) -> str:
        return tamper(click(shown[-1], owner_of(platform)))

    monkeypatch.setattr(_auth, "_announce", announced)
    monkeypatch.setattr(_auth, "_line", typed)
    return town.connect(run, platform, "--paste", "--redirect-uri", "https://www.example.org/klart")


@pytest.mark.parametrize("platform", ["facebook", "x", "mastodon"])
def test_the_address_is_pasted_on_a_server_without_a_browser(
    platform: str, run: Run, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert paste(town, run, platform, monkeypatch, lambda sent: sent).startswith("0\n")


@pytest.mark.parametrize("platform", ["facebook", "threads", "x", "youtube", "mastodon"])
def test_a_code_that_was_changed_is_refused_in_a_person_s_words(
    platform: str, run: Run, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = paste(town, run, platform, monkeypatch, lambda sent: sent.replace("code-", "cod-"))

    assert said.startswith("1\n")
    assert "the code is not taken: it was used before, is too old" in said


@pytest.mark.parametrize(("platform", "minutes"), [("x", 1), ("threads", 61)])
def test_a_code_that_was_pasted_too_late_is_refused_in_a_person_s_words(
    platform: str, minutes: int, run: Run, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(sent: str) -> str:
        town.clock.move_to(town.clock() + timedelta(minutes=minutes))
        return sent

    assert "begin again, and consent without waiting" in paste(town, run, platform, monkeypatch, wait)


@pytest.mark.parametrize("platform", ["x", "youtube", "facebook"])
def test_a_wrong_secret_of_the_app_is_named(
    platform: str, run: Run, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = town.config.parent / "credentials" / "app"
    file.write_text(file.read_text().replace(APP_SECRET, "fel-hemlighet"))
    said = paste(town, run, platform, monkeypatch, lambda sent: sent)

    assert said.startswith("1\n")
    assert "accept" in said
    assert "fel-hemlighet" not in said


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (lambda _: "", "nothing was pasted"),
        (lambda sent: re.sub("state=[^&]+", "state=old", sent), "belongs to another attempt"),
        (lambda sent: sent.replace("code=", "c0de="), "no consent was given (no code)"),
        (
            lambda sent: "https://www.example.org/klart?error=invalid_scope&" + sent.rpartition("&")[2],
            "the app may not ask for this",
        ),
    ],
)
def test_what_is_pasted_wrongly_is_named(
    pasted: Callable[[str], str], said: str, run: Run, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said in paste(town, run, "x", monkeypatch, pasted)


def test_when_no_consent_comes_the_redirect_uri_is_named(run: Run, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_auth, "_WAIT_SECONDS", 0.01)
    redirect = free_redirect()
    said = town.connect(run, "x", "--redirect-uri", redirect)

    assert f"no consent came back to {redirect} in time" in said
    assert "register that address with the app" in said


# ---- Bluesky -------------------------------------------------------------------------------------------------------


def test_bluesky_is_connected_by_its_app_password(run: Run, town: Town) -> None:
    password = PLACES["bluesky"].fields(key_of("bluesky"))["password"]
    said = town.connect(run, "bluesky", stdin=f"\n{password}\n")

    assert said.startswith("0\n"), said
    assert "Privacy and security" in said
    assert password not in said
    assert kept(town.config, key_of("bluesky"))["password"] == password


def test_a_wrong_app_password_is_refused(run: Run, town: Town) -> None:
    said = town.connect(run, "bluesky", stdin="\nfel-losenord\n")

    assert said.startswith("1\n")
    assert "fel-losenord" not in said
