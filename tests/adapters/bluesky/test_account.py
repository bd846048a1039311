"""The account itself: its profile, its credential, its items read again, and the refusals' meanings."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse
from tests.adapters.bluesky.town import CITIZEN, HANDLE, KEY, ME, Town, account, by_text

from watchdaemon.domain.fetch import Cover, Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import AccountError, AdapterError, ConfigError, RateLimitedError, Reason, RetriableError
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Token, TokenKind
from watchdaemon_adapters.bluesky import plugin
from watchdaemon_adapters.bluesky.problems import NotThereError, error_from

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


# ---- profile and credential ------------------------------------------------------------------------------------


def test_the_profile_is_what_the_public_sees(busy: Town) -> None:
    profile = busy.adapter.profile(account())

    assert (profile.name, profile.text) == ("Exempelkommun", "Exempelkommuns officiella konto")
    assert profile.link == f"https://bsky.app/profile/{HANDLE}"
    assert profile.is_public
    newest = next(i for i in busy.world.all_items() if "Ingen svarar" in i.text)
    assert profile.last_own_activity_at == newest.published_at


def test_a_profile_that_is_kept_from_those_not_logged_in_is_not_public(town: Town) -> None:
    town.world.put_account(replace(town.world.account(KEY), is_public=False))

    assert not town.adapter.profile(account()).is_public


def test_replies_and_reposts_are_no_activity(town: Town) -> None:
    mention = town.mention(hours_ago=4)
    town.reply(mention, "Imorgon", hours_ago=3, own=True)

    assert town.adapter.profile(account()).last_own_activity_at is None


def test_another_accounts_profile_is_refused(town: Town) -> None:
    town.alters(lambda call, body: {**body, "did": CITIZEN} if call == "getProfile" else body)

    with pytest.raises(AdapterError):
        town.adapter.profile(account())


def test_a_good_credential_says_what_it_is(town: Town) -> None:
    health = town.adapter.credential(account())

    assert health.is_valid
    assert (health.scopes, health.connected_by) == (("com.atproto.appPass",), f"@{HANDLE}")


def test_the_accounts_own_password_is_remarked_on(town: Town) -> None:
    main = Token(
        value="own-password", kind=TokenKind.APP_PASSWORD, accounts=frozenset({KEY}), scopes=frozenset({"main"})
    )
    town.world.put_account(replace(town.world.account(KEY), tokens=(main,)))
    town.credential = {"password": "own-password"}

    health = town.adapter.credential(account())

    assert health.is_valid
    assert "own password" in health.detail


def test_a_wrong_password_is_an_invalid_credential(town: Town) -> None:
    town.credential = {"password": "wrong"}

    assert not town.adapter.credential(account()).is_valid


def test_an_outage_says_nothing_of_a_credential(town: Town) -> None:
    town.break_down(FaultKind.OUTAGE)

    with pytest.raises(RetriableError):
        town.adapter.credential(account())


def test_another_accounts_password_is_refused(town: Town) -> None:
    town.credential = {"password": "abcd-efgh-ijkl-mnop", "identifier": ME}

    result = town.fetch(native_id=CITIZEN)

    assert (result.coverage, [t.reason for t in result.troubles]) == (Coverage.FAILED, [Reason.UNAUTHORISED])
    assert result.troubles[0].needs_person


@pytest.mark.parametrize("native_id", [HANDLE, f"@{HANDLE}", HANDLE.upper()])
def test_a_register_may_name_the_handle_and_own_posts_are_known_by_did(busy: Town, native_id: str) -> None:
    result = busy.fetch(native_id=native_id)

    assert result.coverage is Coverage.COMPLETE
    assert by_text(result, "Till 18").by_account


def test_an_account_that_is_not_active_is_gone(town: Town) -> None:
    def away(call: str, body: Any) -> Any:
        return {**body, "active": False, "status": "deactivated"} if call == "createSession" else body

    town.alters(away)
    result = town.fetch()

    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.GONE, True)]


def test_every_kind_is_spoken_of_truthfully(town: Town) -> None:
    kinds = {line.kind: line for line in town.adapter.kinds()}

    assert kinds[ItemKind.MESSAGE].cover is Cover.NONE
    assert kinds[ItemKind.COMMENT].cover is Cover.LIMITED
    assert "30 days" in kinds[ItemKind.COMMENT].note


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ({"base_url": "bsky.social"}, "platforms.bluesky.base_url"),
        ({"page_size": 101}, "platforms.bluesky.page_size"),
        ({"sweep_hours": -1}, "platforms.bluesky.sweep_hours"),
    ],
)
def test_a_wrong_setting_is_named(town: Town, block: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.create(block, town.context)

    assert [fault.key for fault in caught.value.faults] == [key]


# ---- items read again ------------------------------------------------------------------------------------------


def test_a_deleted_question_is_found_deleted(busy: Town) -> None:
    question = by_text(busy.fetch(), "Hur länge")
    busy.deletes(next(i for i in busy.world.all_items() if i.id == question.external_id))

    assert [r.visibility for r in busy.recheck(question)] == [Visibility.DELETED]


def test_a_question_that_was_hidden_since_is_found_hidden(busy: Town) -> None:
    question = by_text(busy.fetch(), "Hur länge")
    busy.world.hide(next(i for i in busy.world.all_items() if i.id == question.external_id))

    (answer,) = busy.recheck(question)

    assert answer.visibility is Visibility.HIDDEN
    assert answer.item is not None
    assert answer.item.visibility is Visibility.HIDDEN


def test_what_hides_a_question_stays_known_when_the_post_above_is_gone(busy: Town) -> None:
    question = replace(by_text(busy.fetch(), "Hur länge"), visibility=Visibility.HIDDEN)
    busy.deletes(next(i for i in busy.world.all_items() if i.id == question.root_id))

    assert [r.visibility for r in busy.recheck(question)] == [Visibility.HIDDEN]


def test_a_rare_edit_is_found(busy: Town) -> None:
    before = by_text(busy.fetch(), "sandas")
    busy.clock.advance(timedelta(minutes=5))
    busy.world.edit(next(i for i in busy.world.all_items() if i.id == before.external_id), "@exempelkommun.example nu?")
    busy.clock.advance(timedelta(minutes=5))

    (answer,) = busy.recheck(before)

    assert answer.item is not None
    assert answer.item.text == "@exempelkommun.example nu?"
    assert answer.item.extra["cid"] != before.extra["cid"]


def test_a_block_is_not_taken_for_a_deletion(busy: Town) -> None:
    question = by_text(busy.fetch(), "Hur länge")

    def blocked(call: str, body: Any) -> Any:
        if call == "getPosts":
            return {"posts": [p for p in body["posts"] if p["uri"] != question.external_id]}
        if call == "getPostThread":
            return {"thread": {"uri": question.external_id, "blocked": True, "author": {"did": CITIZEN}}}
        return body

    busy.alters(blocked)
    (answer,) = busy.recheck(question)

    assert answer.visibility is None
    assert answer.trouble is not None
    assert answer.trouble.reason is Reason.PERMISSION


def test_a_node_that_says_not_found_is_a_deletion(busy: Town) -> None:
    question = by_text(busy.fetch(), "Hur länge")

    def gone(call: str, body: Any) -> Any:
        if call == "getPosts":
            return {"posts": []}
        return {"thread": {"uri": question.external_id, "notFound": True}} if call == "getPostThread" else body

    busy.alters(gone)

    assert [r.visibility for r in busy.recheck(question)] == [Visibility.DELETED]


def test_an_empty_answer_deletes_nothing(busy: Town) -> None:
    items = busy.fetch().items
    busy.break_down(FaultKind.EMPTY_LIST)

    answers = busy.recheck(*items)

    assert [a.visibility for a in answers] == [None] * len(items)


@pytest.mark.parametrize("path", ["getPosts", "xrpc"])
def test_an_outage_leaves_items_as_they_were(busy: Town, path: str) -> None:
    items = busy.fetch().items
    busy.break_down(FaultKind.OUTAGE, path)

    answers = busy.recheck(*items)

    assert {a.visibility for a in answers} == {None}
    assert {a.trouble.reason for a in answers if a.trouble} == {Reason.OUTAGE}


def test_many_items_are_read_again_in_few_calls(town: Town) -> None:
    post = town.post(hours_ago=9)
    for n in range(50):
        town.reply(post, f"Fråga {n}?", hours_ago=8)
    items = town.fetch().items
    before = len(town.exchanges)

    assert {r.visibility for r in town.recheck(*items)} == {Visibility.PUBLIC}
    assert len(town.exchanges) - before == 5


# ---- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "name", "message", "kind", "reason"),
    [
        (400, "ExpiredToken", "Token has expired", AccountError, Reason.UNAUTHORISED),
        (400, "InvalidToken", "Token could not be verified", AccountError, Reason.UNAUTHORISED),
        (400, "InvalidToken", "Bad token scope", AccountError, Reason.PERMISSION),
        (401, "AuthMissing", "", AccountError, Reason.UNAUTHORISED),
        (401, "AuthenticationRequired", "Invalid identifier or password", AccountError, Reason.UNAUTHORISED),
        (401, "AuthFactorTokenRequired", "", AccountError, Reason.UNAUTHORISED),
        (401, "AccountTakedown", "", AccountError, Reason.GONE),
        (400, "AccountDeactivated", "", AccountError, Reason.GONE),
        (400, "NotFound", "Post not found: at://…", NotThereError, Reason.GONE),
        (400, "RecordNotFound", "", NotThereError, Reason.GONE),
        (400, "InvalidRequest", "Profile not found", AccountError, Reason.GONE),
        (400, "InvalidRequest", "integer too big", AdapterError, Reason.INTERNAL),
        (400, "BlockedByActor", "", AdapterError, Reason.INTERNAL),
        (501, "MethodNotImplemented", "", AdapterError, Reason.UNSUPPORTED),
        (502, "UpstreamFailure", "Upstream service unreachable", RetriableError, Reason.OUTAGE),
        (500, "InternalServerError", "", RetriableError, Reason.OUTAGE),
        (429, "RateLimitExceeded", "Rate Limit Exceeded", RateLimitedError, Reason.RATE_LIMITED),
        (302, "", "", RetriableError, Reason.OUTAGE),
        (403, None, "", RetriableError, Reason.OUTAGE),
    ],
)
def test_a_refusal_means_by_its_name(
    status: int, name: str | None, message: str, kind: type[AdapterError], reason: Reason
) -> None:
    error = error_from(status, {}, {"error": name, "message": message}, account="a", call="x.y", now=NOW)

    assert type(error) is kind
    assert error.reason is reason


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_what_is_no_json_object_is_an_outage(body: object) -> None:
    for status in (200, 400, 429 + 75):
        error = error_from(status, {}, body, account="a", call="x.y", now=NOW)

        assert error is not None
        assert error.reason is Reason.OUTAGE


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit-Reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"ratelimit-reset": str(int(NOW.timestamp()) - 90)}, 1),
        ({"ratelimit-reset": "9999999999"}, 86_400),
        ({"ratelimit-reset": "soon", "Retry-After": "20"}, 20),
        ({}, 300),
    ],
)
def test_a_limit_is_waited_out_until_its_reset(headers: dict[str, str], seconds: int) -> None:
    error = error_from(429, headers, {"error": "RateLimitExceeded"}, account="a", call="x.y", now=NOW)

    assert isinstance(error, RateLimitedError)
    assert error.retry_after == timedelta(seconds=seconds)
    assert error.cause_key == "bluesky:rate_limit"


def test_a_limit_of_new_sessions_is_the_accounts_own() -> None:
    error = error_from(429, {}, {}, account="a", call="com.atproto.server.createSession", now=NOW)

    assert error is not None
    assert error.cause_key is None


def test_the_sandboxs_own_limit_is_waited_out(town: Town) -> None:
    def limited(call: str, body: Any) -> Any:
        reset = str(int(town.clock().timestamp()) + 120)
        body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        return JSONResponse(body, 429, {"ratelimit-reset": reset})

    town.alters(limited)

    assert [t.retry_after for t in town.fetch().troubles] == [timedelta(seconds=120)]
