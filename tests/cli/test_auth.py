"""Connecting accounts: the whole flow of each platform against a provider on loopback, and what is refused."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.cli.conftest import Run
from tests.cli.connected import PLATFORMS
from tests.cli.provider import APP, CODE, SECRET, Provider

from watchdaemon.cli import _auth
from watchdaemon.clock import system_clock
from watchdaemon.credentials import KeptCredentials
from watchdaemon.domain.credential import CredentialVerdict
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store


def kept(office: Path, name: str) -> dict[str, str]:
    """What is stored, opened."""
    settings = load_settings(office)
    with closing(open_store(settings.database_url().get_secret_value())) as store:
        source = KeptCredentials(store, settings.credential_source(), key="watchdaemon-key", clock=system_clock)
        return {field: value.get_secret_value() for field, value in source.read(name).items()}


def browse(url: str, *, path: str | None = None) -> int:
    """Be the owner's browser: open the page, consent, and follow to where it sends. Returns the last status."""
    location = get(url)[1]
    parts = urlsplit(location)
    return get(location if path is None else f"{parts.scheme}://{parts.netloc}{path}")[0]


def get(url: str) -> tuple[int, str]:
    """One GET: the status, and where it redirects to."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    with closing(connection):
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Location", "")


def free_redirect() -> str:
    """A redirect URI that nobody listens at yet."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/callback"


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A browser that consents as soon as an address is shown; gives the statuses its last pages had."""
    statuses: list[int] = []
    threads: list[threading.Thread] = []

    def open_page(url: str, scopes: Sequence[str]) -> None:
        threads.append(threading.Thread(target=lambda: statuses.append(browse(url)), daemon=True))
        threads[-1].start()

    monkeypatch.setattr(_auth, "_announce", open_page)
    yield statuses
    for thread in threads:
        thread.join(timeout=10)


STORED = {
    "x": {"client_id": APP, "client_secret": SECRET, "token": "x-access", "refresh_token": "x-refresh"},
    "youtube": {"client_id": APP, "client_secret": SECRET, "refresh_token": "yt-refresh"},
    "facebook": {"token": "page-own", "app_id": APP, "app_secret": SECRET},
    "instagram": {"token": "page-own", "app_id": APP, "app_secret": SECRET},
    "threads": {"token": "th-long", "app_id": APP, "app_secret": SECRET},
    "mastodon": {"token": "m-token", "client_id": APP, "client_secret": SECRET},
}


@pytest.mark.parametrize("platform", STORED)
def test_an_owner_s_consent_in_a_browser_connects_the_account(
    platform: str, run: Run, office: Path, provider: Provider, browser: list[int]
) -> None:
    result = run(
        "auth", platform, "--account", f"kommunen-{platform}", "--app", "app",
        "--redirect-uri", free_redirect(), "--by", "karin", "-c", office,
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert f"Connected: kommunen-{platform}" in result.stdout
    stored = kept(office, f"kommunen-{platform}")
    assert {name: stored[name] for name in STORED[platform]} == STORED[platform]
    assert not {*STORED[platform].values(), CODE} & set(result.output.split())
    settings = load_settings(office)
    with closing(open_store(settings.database_url().get_secret_value())) as store:
        registered = store.load_register().accounts[f"kommunen-{platform}"]
        check = store.credential_checks()[registered.key]
        audited = [e for e in store.audit_trail() if e.change.kind == "credential"]
    assert registered.credential == registered.key
    assert check.verdict is CredentialVerdict.VALID
    assert [(e.by, e.change.key) for e in audited] == [("karin", registered.key)]


@pytest.mark.parametrize("platform", ["x", "youtube", "mastodon"])
def test_where_pkce_is_known_the_challenge_is_sent_and_the_verifier_proven(
    platform: str, run: Run, office: Path, provider: Provider, browser: list[int]
) -> None:
    run(
        "auth", platform, "--account", f"kommunen-{platform}", "--app", "app", "--redirect-uri", free_redirect(),
        "-c", office,
    )  # fmt: skip
    (asked,) = provider.consents

    assert asked["code_challenge_method"] == "S256"
    assert provider.used == {CODE}  # the provider compares verifier and challenge before it takes a code
    assert asked["response_type"] == "code"


def test_youtube_asks_for_offline_use_and_for_one_scope(
    run: Run, office: Path, provider: Provider, browser: list[int]
) -> None:
    run(
        "auth", "youtube", "--account", "kommunen-youtube", "--app", "app", "--redirect-uri", free_redirect(),
        "-c", office,
    )  # fmt: skip
    (asked,) = provider.consents

    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    assert asked["scope"] == "https://www.googleapis.com/auth/youtube.force-ssl"


@pytest.mark.parametrize("platform", ["x", "youtube", "mastodon", "threads"])
def test_another_account_s_consent_is_refused_and_nothing_is_stored(
    platform: str, run: Run, office: Path, provider: Provider, browser: list[int]
) -> None:
    provider.owner = "999999"
    result = run(
        "auth", platform, "--account", f"kommunen-{platform}", "--app", "app", "--redirect-uri", free_redirect(),
        "-c", office,
    )  # fmt: skip

    assert result.exit_code == 1
    assert "another" in result.stderr
    assert json.loads(run("credentials", "list", "--json", "-c", office).stdout)[0]["credential"] is None


@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_a_person_without_a_role_on_the_page_is_refused(
    platform: str, run: Run, office: Path, provider: Provider, browser: list[int]
) -> None:
    provider.owner = "999999"
    result = run(
        "auth", platform, "--account", f"kommunen-{platform}", "--app", "app", "--redirect-uri", free_redirect(),
        "-c", office,
    )  # fmt: skip

    assert result.exit_code == 1
    assert "no role on this account's Page" in result.stderr


def test_an_owner_who_says_no_is_told_as_that(run: Run, office: Path, provider: Provider, browser: list[int]) -> None:
    provider.denies = True
    result = run(
        "auth", "x", "--account", "kommunen-x", "--app", "app", "--redirect-uri", free_redirect(), "-c", office
    )

    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        1, "watchdaemon: no consent was given: the account's owner said no (access_denied)",
    )  # fmt: skip


def test_what_else_comes_by_is_turned_away_and_the_waiting_goes_on(
    run: Run, office: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect = free_redirect()
    statuses: list[int] = []

    def visit(url: str, scopes: Sequence[str]) -> None:
        def go() -> None:
            base = redirect.removesuffix("/callback")
            statuses.extend(get(address)[0] for address in (f"{base}/favicon.ico", f"{redirect}?code=evil&state=x"))
            statuses.append(browse(url))

        threading.Thread(target=go, daemon=True).start()

    monkeypatch.setattr(_auth, "_announce", visit)
    result = run("auth", "x", "--account", "kommunen-x", "--app", "app", "--redirect-uri", redirect, "-c", office)

    assert result.exit_code == 0, result.output
    assert statuses == [404, 400, 200]


# ---- a server without a browser ----------------------------------------------------------------------------------


def test_a_bare_code_may_be_pasted(run: Run, office: Path, provider: Provider) -> None:
    result = run("auth", "mastodon", "--account", "kommunen-mastodon", "--paste", "-c", office, stdin=f"{CODE}\n")

    assert result.exit_code == 0, result.output
    assert kept(office, "kommunen-mastodon")["token"] == "m-token"


def test_what_meta_puts_behind_a_code_is_no_part_of_it(run: Run, office: Path, provider: Provider) -> None:
    result = run(
        "auth", "threads", "--account", "kommunen-threads", "--app", "app", "--paste", "-c", office, stdin=f"{CODE}#_"
    )

    assert result.exit_code == 0, result.output


def test_an_address_of_another_attempt_is_refused(run: Run, office: Path, provider: Provider) -> None:
    pasted = f"http://127.0.0.1:8471/callback?code={CODE}&state=of-yesterday"
    result = run("auth", "x", "--account", "kommunen-x", "--app", "app", "--paste", "-c", office, stdin=pasted)

    assert result.exit_code == 1
    assert "belongs to another attempt" in result.stderr
    assert provider.used == set()


def test_a_redirect_to_elsewhere_can_only_be_pasted(run: Run, office: Path) -> None:
    result = run(
        "auth", "facebook", "--account", "kommunen-facebook", "--app", "app",
        "--redirect-uri", "https://www.example.org/klart", "-c", office,
    )  # fmt: skip

    assert result.exit_code == 2
    assert "--paste" in result.stderr


def test_the_shown_address_holds_no_secret(run: Run, office: Path) -> None:
    result = run(
        "auth", "facebook", "--account", "kommunen-facebook", "--app", "app", "--paste", "-c", office, stdin="x"
    )
    (shown,) = [line for line in result.stdout.splitlines() if line.startswith("http")]
    asked = parse_qs(urlsplit(shown).query)

    assert SECRET not in result.output
    assert set(asked) == {"response_type", "client_id", "redirect_uri", "scope", "state"}
    assert asked["scope"] == [
        "pages_show_list,pages_read_engagement,pages_read_user_content,pages_manage_metadata,pages_messaging"
    ]


# ---- without a browser at all ------------------------------------------------------------------------------------


def test_the_four_keys_of_oauth_1_are_asked_for_line_by_line(run: Run, office: Path) -> None:
    keys = "key\nkey-secret\ntoken\ntoken-secret\n"
    result = run("auth", "x", "--account", "kommunen-x", "--way", "oauth1", "-c", office, stdin=keys)

    assert result.exit_code == 0, result.output
    assert kept(office, "kommunen-x") == {
        "consumer_key": "key", "consumer_secret": "key-secret", "access_token": "token",
        "access_token_secret": "token-secret",
    }  # fmt: skip
    assert "secret" not in result.stdout


def test_a_system_user_s_token_finds_the_page(run: Run, office: Path) -> None:
    result = run(
        "auth", "facebook", "--account", "kommunen-facebook", "--way", "token", "--app", "app", "-c", office,
        stdin="fb-long\n",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert kept(office, "kommunen-facebook")["token"] == "page-own"
    assert "you are reminded 14, 7 and 1 days ahead" in result.stdout


def test_a_missing_answer_is_named(run: Run, office: Path) -> None:
    result = run("auth", "x", "--account", "kommunen-x", "--way", "oauth1", "-c", office, stdin="key\n")

    assert result.exit_code == 2
    assert "consumer_secret is needed" in result.stderr


# ---- the command line --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("x", "--account", "kommunen-xx"), "did you mean 'kommunen-x'"),
        (("x", "--account", "kommunen-youtube"), "is on youtube, not on x"),
        (("x", "--account", "kommunen-x", "--way", "smoke"), "must be one of oauth2, oauth1"),
        (("x", "--account", "kommunen-x", "--app", "none"), "there is no such file"),
    ],
)
def test_a_wrong_command_line_says_what_is_right(arguments: tuple[str, ...], said: str, run: Run, office: Path) -> None:
    result = run("auth", *arguments, "-c", office)

    assert result.exit_code == 2
    assert said in result.stderr


def test_nobody_is_asked_to_consent_to_what_could_not_be_kept(run: Run, office: Path, provider: Provider) -> None:
    (office.parent / "credentials" / "watchdaemon-key").unlink()
    result = run("auth", "x", "--account", "kommunen-x", "--app", "app", "-c", office)

    assert result.exit_code == 2
    assert "watchdaemon credentials new-key" in result.stderr
    assert provider.requests == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_shows_its_ways(platform: str, run: Run, office: Path) -> None:
    result = run("auth", platform, "--account", f"kommunen-{platform}", "--ways", "-c", office)

    assert result.exit_code == 0
    assert result.stdout.startswith("WAY")


def test_what_is_stored_is_listed_sealed_anew_and_forgotten(run: Run, office: Path) -> None:
    run("auth", "mastodon", "--account", "kommunen-mastodon", "--paste", "-c", office, stdin=f"{CODE}\n")
    listed = json.loads(run("credentials", "list", "--json", "-c", office).stdout)
    row = next(r for r in listed if r["account"] == "kommunen-mastodon")
    key = office.parent / "credentials" / "watchdaemon-key"
    key.write_text(f'key = "{run("credentials", "new-key").stdout.strip()}"\nold = "{key.read_text()}"\n')

    assert (row["origin"], row["state"], row["verdict"], row["fault"]) == ("stored", "good", "valid", "")
    assert "m-token" not in json.dumps(listed)
    assert "1 credentials" in run("credentials", "rotate", "-c", office).stdout
    key.write_text(key.read_text().splitlines()[0])
    assert kept(office, "kommunen-mastodon")["token"] == "m-token"
    assert run("credentials", "forget", "kommunen-mastodon", "-c", office).exit_code == 0
    assert run("credentials", "forget", "kommunen-mastodon", "-c", office).exit_code == 2
