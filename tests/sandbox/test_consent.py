"""The sandbox's authorize pages and token end-points are as strict as the platforms'."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.costs.places import PLACES

from watchdaemon.sandbox.consent import APP_ID, APP_SECRET
from watchdaemon.sandbox.consent.desk import AS, Desk, Dialect, Wrong
from watchdaemon.sandbox.consent.doors import ThreadsDoor, XDoor
from watchdaemon.sandbox.world import World

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
BACK = "http://127.0.0.1:8471/callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": APP_ID,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "read",
    "state": "s",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    AS: "k",
}
FORM = {"redirect_uri": BACK, "code_verifier": VERIFIER}


class Clock:
    """A clock that tests set."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(clock: Clock) -> Desk:
    """A desk with one account."""
    dialect = Dialect(scopes=frozenset({"read"}), needs_pkce=True)
    return Desk(World(clock, PLACES["x"].world_accounts("k")), "x", dialect)


def code_from(desk: Desk) -> str:
    """Let the owner consent."""
    sent = desk.ask(ASKED, "http://sandbox/page").headers["location"]
    return sent.partition("code=")[2].partition("&")[0]


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"client_id": "another"}, 400, None),
        ({"redirect_uri": "http://evil.example/"}, 400, None),
        ({"redirect_uri": ""}, 400, None),
        ({"response_type": "token"}, 302, "unsupported_response_type"),
        ({"scope": "read write"}, 302, "invalid_scope"),
        ({"scope": ""}, 302, "invalid_scope"),
        ({"state": ""}, 302, "invalid_request"),
        ({"code_challenge_method": "plain"}, 302, "invalid_request"),
        ({"code_challenge": "short"}, 302, "invalid_request"),
        ({"deny": "1"}, 302, "access_denied"),
        ({AS: "nobody"}, 200, None),
        ({}, 302, "code="),
    ],
)
def test_a_question_is_checked_before_an_owner_is_asked(
    changes: dict[str, str], status: int, said: str | None, desk: Desk
) -> None:
    answer = desk.ask({**ASKED, **changes}, "http://sandbox/page")

    assert answer.status_code == status
    assert (said or "") in answer.headers.get("location", "")
    if said is None:
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "client", "seconds"),
    [
        ({"redirect_uri": BACK + "/other"}, APP_ID, 0),
        ({"code_verifier": "w" * 64}, APP_ID, 0),
        ({"code_verifier": ""}, APP_ID, 0),
        ({"code": "code-of-nobody"}, APP_ID, 0),
        ({}, "another", 0),
        ({}, APP_ID, 600),
    ],
    ids=["another redirect", "another verifier", "no verifier", "no such code", "another app", "too late"],
)
def test_a_code_is_only_good_for_what_it_was_asked_with(
    changes: dict[str, str], client: str, seconds: int, desk: Desk, clock: Clock
) -> None:
    code = code_from(desk)
    clock.now = NOW + timedelta(seconds=seconds)
    with pytest.raises(Wrong) as caught:
        desk.redeem({"code": code, **FORM, **changes}, client)

    assert caught.value.name == "invalid_grant"


def test_a_code_is_good_once(desk: Desk) -> None:
    form = {"code": code_from(desk), **FORM}

    assert desk.redeem(form, APP_ID).scopes == {"read"}
    with pytest.raises(Wrong, match="used before"):
        desk.redeem(form, APP_ID)


@pytest.mark.parametrize(("app", "secret"), [("another", APP_SECRET), (APP_ID, "another"), ("", "")])
def test_an_app_must_know_its_secret(app: str, secret: str, desk: Desk) -> None:
    with pytest.raises(Wrong) as caught:
        desk.prove(app, secret)

    assert caught.value.name == "invalid_client"


def test_without_offline_access_x_gives_no_refresh_token(clock: Clock) -> None:
    door = XDoor(World(clock, PLACES["x"].world_accounts("k")))

    def tokens(scope: str) -> dict[str, object]:
        sent = door.desk.ask({**ASKED, "scope": scope}, "http://sandbox/page").headers["location"]
        form = {"code": sent.partition("code=")[2].partition("&")[0], "grant_type": "authorization_code", **FORM}
        return door.post()["2/oauth2/token"]({**form, "client_id": APP_ID, "client_secret": APP_SECRET})

    assert "refresh_token" not in tokens("tweet.read")
    assert "refresh_token" in tokens("tweet.read offline.access")


@pytest.mark.parametrize(
    ("hours", "life", "renews"),
    [(23, 1440, False), (24, 1440, True), (1440, 1440, False)],
    ids=["too young", "old enough", "ended"],
)
def test_threads_renews_a_token_from_its_second_day_until_its_end(
    hours: int, life: int, renews: bool, clock: Clock
) -> None:
    (profile,) = PLACES["threads"].world_accounts("k")
    token = replace(profile.tokens[0], issued_at=NOW, expires_at=NOW + timedelta(hours=life))
    door = ThreadsDoor(World(clock, [replace(profile, tokens=(token,))]))
    clock.now = NOW + timedelta(hours=hours)
    renew: Callable[[dict[str, str]], dict[str, object]] = door.get()["refresh_access_token"]
    form = {"grant_type": "th_refresh_token", "access_token": token.value}

    if not renews:
        with pytest.raises(Wrong):
            renew(form)
        return
    new = renew(form)
    assert new["expires_in"] == 60 * 86_400
    assert door.world.find_token(str(new["access_token"])) is not None
    assert door.world.find_token(token.value) == token  # the one before is good until its end
