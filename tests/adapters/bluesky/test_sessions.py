"""Sessions: made once, renewed as they rotate, made anew when nothing else helps."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse
from tests.adapters.bluesky.town import HANDLE, KEY, ME, PASSWORD, START, Town, account

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import AccountError, Reason
from watchdaemon.sandbox.world import Token, TokenKind
from watchdaemon_adapters.bluesky.adapter import BlueskyAdapter
from watchdaemon_adapters.bluesky.sessions import MemorySessions, Session, read_credential
from watchdaemon_adapters.bluesky.settings import BlueskySettings

CREATED, RENEWED = "com.atproto.server.createSession", "com.atproto.server.refreshSession"


def test_one_session_lasts_for_many_fetches(busy: Town) -> None:
    for _ in range(4):
        busy.fetch()
        busy.clock.advance(timedelta(minutes=20))

    assert (busy.asked(CREATED), busy.asked(RENEWED)) == (1, 0)


def test_a_session_is_renewed_shortly_before_its_end_and_not_made_anew(busy: Town) -> None:
    for _ in range(30):
        assert busy.fetch().coverage is Coverage.COMPLETE
        busy.clock.advance(timedelta(hours=1, minutes=55))

    assert (busy.asked(CREATED), busy.asked(RENEWED)) == (1, 29)


def test_a_session_that_lay_unused_for_longer_than_it_can_be_renewed_is_made_anew(busy: Town) -> None:
    busy.fetch()
    busy.clock.advance(timedelta(days=91))

    assert busy.fetch().coverage is Coverage.COMPLETE
    assert (busy.asked(CREATED), busy.asked(RENEWED)) == (2, 1)


def test_a_token_that_is_refused_before_its_time_is_renewed_at_once(busy: Town) -> None:
    refused = ["getAuthorFeed"]

    def once(call: str, body: Any) -> Any:
        if call in refused:
            refused.remove(call)
            return JSONResponse({"error": "ExpiredToken", "message": "Token has expired"}, 400)
        return body

    busy.alters(once)

    assert busy.fetch().coverage is Coverage.COMPLETE
    assert (busy.asked(CREATED), busy.asked(RENEWED)) == (1, 1)


def test_a_server_that_refuses_every_token_is_not_asked_for_ever(busy: Town) -> None:
    def never(call: str, body: Any) -> Any:
        if call.endswith("Session"):
            return body
        return JSONResponse({"error": "InvalidToken", "message": "Token could not be verified"}, 400)

    busy.alters(never)
    result = busy.fetch()

    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [Reason.UNAUTHORISED])
    assert result.troubles[0].needs_person
    assert result.calls == 4


def test_a_password_that_was_revoked_ends_the_account_until_a_person_acts(busy: Town) -> None:
    busy.fetch()
    busy.revoke_password()
    busy.clock.advance(timedelta(hours=3))
    result = busy.fetch()

    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [Reason.UNAUTHORISED])
    assert result.troubles[0].needs_person


def test_a_new_password_in_the_file_makes_the_old_session_void(busy: Town) -> None:
    busy.fetch()
    busy.revoke_password()
    busy.clock.advance(timedelta(hours=3))
    busy.fetch()
    me = busy.world.account(KEY)
    fresh = Token(value="new-password", kind=TokenKind.APP_PASSWORD, accounts=frozenset({KEY}))
    busy.world.put_account(replace(me, tokens=(fresh,)))
    busy.credential["password"] = "new-password"

    assert busy.fetch().coverage is Coverage.COMPLETE


def test_an_answer_that_was_lost_on_its_way_does_not_lose_the_session(busy: Town) -> None:
    busy.fetch()
    busy.clock.advance(timedelta(hours=1, minutes=55))
    lost = ["refreshSession"]

    def lose(call: str, body: Any) -> Any:
        if call in lost:
            lost.remove(call)
            return JSONResponse({"error": "UpstreamFailure", "message": ""}, 502)
        return body

    busy.alters(lose)
    first, second = busy.fetch(), busy.fetch()

    assert (first.coverage, first.troubles[0].reason) == (Coverage.FAILED, Reason.OUTAGE)
    assert second.coverage is Coverage.COMPLETE
    assert busy.asked(CREATED) == 1


def test_many_threads_make_one_session(busy: Town) -> None:
    adapter = busy.adapter
    found = []

    def ask() -> None:
        found.append(adapter.credential(account()).is_valid)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 8
    assert busy.asked(CREATED) == 1


def test_sessions_kept_elsewhere_survive_the_process(busy: Town) -> None:
    kept = MemorySessions()
    settings = BlueskySettings(base_url=busy.server.base_url("bluesky"))
    for _ in range(3):
        assert BlueskyAdapter(settings, busy.context, kept).credential(account()).is_valid

    assert busy.asked(CREATED) == 1


def test_a_session_hides_its_tokens(busy: Town) -> None:
    kept = MemorySessions()
    settings = BlueskySettings(base_url=busy.server.base_url("bluesky"))
    BlueskyAdapter(settings, busy.context, kept).credential(account())

    session = kept.load(KEY)

    assert isinstance(session, Session)
    assert session.scope == "com.atproto.appPass"
    assert session.access.get_secret_value() not in repr(session)
    assert session.refresh.get_secret_value() not in repr(session)
    assert PASSWORD not in repr(session)


@pytest.mark.parametrize(
    "credential",
    [
        {"password": PASSWORD},
        {"token": PASSWORD},
        {"app_password": PASSWORD, "identifier": ME},
        {"password": PASSWORD, "identifier": HANDLE},
        {"password": PASSWORD, "handle": f"@{HANDLE}"},
    ],
)
def test_a_credential_may_be_written_in_several_ways(town: Town, credential: dict[str, str]) -> None:
    town.credential = credential

    assert town.fetch().coverage is Coverage.COMPLETE


def test_a_credential_without_a_password_names_what_it_lacks() -> None:
    with pytest.raises(AccountError, match="lacks password") as caught:
        read_credential({"identifier": SecretStr("x")}, native_id=ME, account=KEY)

    assert caught.value.reason is Reason.NO_CREDENTIAL


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"accessJwt": "", "refreshJwt": "r", "did": ME},
        {"accessJwt": "a b", "refreshJwt": "r", "did": ME},
        {"accessJwt": "å", "refreshJwt": "r", "did": ME},
        {"accessJwt": "a", "refreshJwt": 7, "did": ME},
        {"accessJwt": "a", "refreshJwt": "r", "did": "nobody"},
    ],
)
def test_what_is_no_session_is_no_session(town: Town, body: dict[str, object]) -> None:
    town.alters(lambda call, good: body if call == "createSession" else good)

    result = town.fetch()

    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [Reason.MALFORMED])


@pytest.mark.parametrize(
    "token",
    ["opaque", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJleHAiOiJ4In0.c", "a.eyJleHAiOi01fQ.c", "a.eyJleHAiOnRydWV9.c"],
)
def test_a_token_that_does_not_say_when_it_ends_is_used_all_the_same(town: Town, token: str) -> None:
    def opaque(call: str, body: Any) -> Any:
        return {**body, "accessJwt": token} if call == "createSession" else body

    town.alters(opaque)
    result = town.fetch()

    assert result.coverage is Coverage.COMPLETE
    assert (town.asked(CREATED), town.asked(RENEWED)) == (1, 1)  # the sandbox refuses it, and it is renewed


def test_a_clock_far_ahead_does_not_renew_for_every_call(busy: Town) -> None:
    ahead = SimulatedClock(START + timedelta(days=365))
    settings = BlueskySettings(base_url=busy.server.base_url("bluesky"))
    adapter = BlueskyAdapter(settings, replace(busy.context, clock=ahead))
    first = list(adapter.fetch([account()], {}))
    ahead.advance(timedelta(hours=5))
    second = list(adapter.fetch([account()], {}))

    assert [r.coverage for r in (*first, *second)] == [Coverage.COMPLETE] * 2
    assert (busy.asked(CREATED), busy.asked(RENEWED)) == (1, 1)
