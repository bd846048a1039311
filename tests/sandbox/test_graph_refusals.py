"""What the Graph refuses, the sandbox refuses, with the same codes."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from tests.sandbox.conftest import ALL, APP_TOKEN, FB, IG, INSTAGRAM, PAGE, PAGE_TOKEN, START, USER_TOKEN, Town

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import Token, TokenKind

V = "v25.0"
NEIGHBOUR = ids.facebook_page("grannen")


def error(answer: httpx.Response) -> tuple[int, int, int | None]:
    """Return status, code and subcode."""
    body = answer.json()["error"]
    assert body["message"]
    assert body["fbtrace_id"]
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    return answer.status_code, body["code"], body.get("error_subcode")


def give_token(town: Town, token: Token) -> str:
    """Let the platform know one more token of the library's Page."""
    account = town.world.account(FB)
    town.world.put_account(replace(account, tokens=(*account.tokens, token)))
    return token.value


def token_with(town: Town, scopes: frozenset[str]) -> str:
    """Give the Page a token with only these permissions."""
    accounts = frozenset({FB, IG})
    return give_token(town, Token(value="few", kind=TokenKind.PAGE, accounts=accounts, scopes=scopes))


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        (f"{V}/{PAGE}", {"fields": "id,favourite_colour"}, 100),
        (f"{V}/{PAGE}", {"fields": "published_posts{id,comments{favourite_colour}}"}, 0),  # no post: nothing is read
        (f"{V}/{PAGE}/published_posts", {"limit": "101"}, 100),
        (f"{V}/{PAGE}/published_posts", {"limit": "-1"}, 100),
        (f"{V}/{PAGE}/published_posts", {"limit": "many"}, 100),
        (f"{V}/{PAGE}", {"fields": "published_posts.limit(101){id}"}, 100),
        (f"{V}/{PAGE}/published_posts", {"colour": "red"}, 100),
        (f"{V}/{PAGE}", {"colour": "red"}, 100),
        (f"{V}/{PAGE}/published_posts", {"since": "yesterdayish"}, 100),
        (f"{V}/{PAGE}/published_posts", {"after": "no-cursor"}, 100),
        (f"{V}/{PAGE}/tagged", {"since": "1"}, 100),
        (f"{V}/{PAGE}/conversations", {"since": "1"}, 100),
        (f"{V}/{PAGE}/conversations", {"platform": "pigeon"}, 100),
        (f"{V}/{PAGE}/comments", {}, 2500),
        (f"{V}/{PAGE}/ratings", {}, 12),
        (f"{V}/{PAGE}/published_posts/more", {}, 2500),
        (f"{V}/{PAGE}", {"fields": "published_posts{id"}, 2500),
        (f"{V}/{PAGE}", {"fields": "id,,name"}, 2500),
        (f"{V}/{PAGE}", {"fields": "published_posts{id},published_posts{message}"}, 2500),
        (f"{V}/{PAGE}", {"appsecret_proof": "short"}, 100),
        (f"{V}/", {"ids": ""}, 100),
        (f"{V}/", {"ids": ",".join(str(n) for n in range(51))}, 100),
        (f"v99.0/{PAGE}", {}, 2500),
        (f"v2.8/{PAGE}", {}, 2500),
        (f"{PAGE}", {}, 2500),
        (f"{V}/debug_token", {}, 100),
    ],
)
def test_a_wrong_question_is_refused(town: Town, path: str, params: dict[str, str], code: int) -> None:
    answer = town.get(path, **params)

    assert answer.json().get("error", {}).get("code", 0) == code
    assert answer.status_code == (400 if code else 200)


def test_a_field_of_another_node_type_is_refused_where_it_is_asked(town: Town) -> None:
    post = town.own_post()
    town.comment(post)

    for field in ("caption", "link", "source", "type"):
        assert error(town.get(f"{V}/{post.id}", fields=field)) == (400, 100, None)
    assert error(town.get(f"{V}/{post.id}/comments", fields="timestamp")) == (400, 100, None)
    assert error(town.get(f"{V}/{post.id}", fields="message.limit(3)")) == (400, 100, None)
    assert error(town.get(f"{V}/{post.id}", fields="from{shoe_size}")) == (400, 100, None)


@pytest.mark.parametrize(("name", "value"), [("filter", "all"), ("order", "newest"), ("live_filter", "some")])
def test_a_comments_edge_takes_only_its_own_words(town: Town, name: str, value: str) -> None:
    post = town.own_post()

    assert error(town.get(f"{V}/{post.id}/comments", **{name: value})) == (400, 100, None)


def test_more_than_one_answer_can_hold_is_error_1_with_status_500(town: Town) -> None:
    posts = [town.own_post(at=START + timedelta(minutes=n)) for n in range(30)]
    for post in posts:
        for _ in range(90):
            town.comment(post)
    deep = "published_posts.limit(100){id,comments.limit(100){id,message}}"
    flat = "published_posts.limit(20){id,comments.limit(100){id,message}}"

    assert error(town.get(f"{V}/{PAGE}", fields=deep)) == (500, 1, None)
    assert town.get(f"{V}/{PAGE}", fields=flat).status_code == 200


# ---- tokens --------------------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_told(town: Town) -> None:
    assert error(town.get(f"{V}/{PAGE}", token=None)) == (400, 104, None)


def test_a_token_that_was_never_given_out_is_190(town: Town) -> None:
    assert error(town.get(f"{V}/{PAGE}", token="invented")) == (400, 190, None)


def test_an_expired_token_is_190_463_until_it_is_mended(town: Town) -> None:
    end = town.clock.now
    mended_at = end + timedelta(days=1)
    value = give_token(
        town,
        Token(
            value="old",
            kind=TokenKind.PAGE,
            accounts=frozenset({FB}),
            scopes=ALL,
            expires_at=end,
            mended_at=mended_at,
        ),
    )
    during = error(town.get(f"{V}/me", token=value))
    town.clock.move_to(mended_at)

    assert during == (400, 190, 463)
    assert town.get(f"{V}/me", token=value).status_code == 200


@pytest.mark.parametrize("subcode", [458, 460, 467, 492])
def test_a_revoked_token_tells_why_by_its_subcode(town: Town, subcode: int) -> None:
    value = give_token(
        town,
        Token(
            value="gone",
            kind=TokenKind.PAGE,
            accounts=frozenset({FB}),
            scopes=ALL,
            revoked_at=START,
            revoked_subcode=subcode,
        ),
    )

    assert error(town.get(f"{V}/me", token=value)) == (400, 190, subcode)


def test_faults_expire_and_revoke_an_accounts_tokens(town: Town) -> None:
    town.fault(FaultKind.EXPIRED_TOKEN, to_at=town.clock.now + timedelta(hours=1))
    expired = error(town.get(f"{V}/me"))
    town.clock.move_to(town.clock.now + timedelta(hours=1))
    town.fault(FaultKind.REVOKED_TOKEN)

    assert expired == (400, 190, 463)
    assert error(town.get(f"{V}/me")) == (400, 190, 460)


def test_a_persons_token_sees_no_comments_and_is_told_so_by_nothing(town: Town) -> None:
    post = town.own_post()
    town.comment(post)
    direct = town.get(f"{V}/{post.id}/comments", token=USER_TOKEN, filter="stream")
    nested = town.get(f"{V}/{PAGE}/published_posts", token=USER_TOKEN, fields="id,comments{id}")

    assert (direct.status_code, direct.json()) == (200, {"data": []})
    assert nested.json()["data"] == [{"id": post.id}]


def test_messages_are_for_the_page_alone(town: Town) -> None:
    message = town.message("hej")

    assert error(town.get(f"{V}/{PAGE}/conversations", token=USER_TOKEN))[1] == 190
    assert error(town.get(f"{V}/t_1/messages", token=USER_TOKEN))[1] == 190
    assert error(town.get(f"{V}/{message.id}", token=USER_TOKEN))[1] == 190


def test_another_towns_page_is_no_business_of_the_token(town: Town) -> None:
    answer = town.get(f"{V}/{NEIGHBOUR}/published_posts")

    assert error(answer) == (400, 100, None)
    assert "pages_read_engagement" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("missing", "path"),
    [
        ("pages_read_engagement", f"{V}/{PAGE}"),
        ("pages_read_user_content", f"{V}/{PAGE}/visitor_posts"),
        ("pages_read_user_content", f"{V}/{PAGE}/tagged"),
        ("pages_messaging", f"{V}/{PAGE}/conversations"),
        ("instagram_manage_messages", f"{V}/{PAGE}/conversations?platform=instagram"),
        ("instagram_basic", f"{V}/{INSTAGRAM}/media"),
        ("instagram_manage_comments", f"{V}/{INSTAGRAM}/tags"),
    ],
)
def test_a_missing_permission_is_10_with_status_403(town: Town, missing: str, path: str) -> None:
    value = token_with(town, ALL - {missing})
    path, _, query = path.partition("?")
    params = dict([query.split("=")]) if query else {}

    assert error(town.get(path, token=value, **params)) == (403, 10, None)


def test_comments_need_the_visitors_permission_also_when_expanded(town: Town) -> None:
    post = town.own_post()
    value = token_with(town, ALL - {"pages_read_user_content"})

    assert error(town.get(f"{V}/{post.id}/comments", token=value)) == (403, 10, None)
    assert error(town.get(f"{V}/{post.id}", token=value, fields="id,comments{id}")) == (403, 10, None)


def test_a_permission_can_be_taken_away_from_one_edge(town: Town) -> None:
    post = town.own_post()
    town.fault(FaultKind.MISSING_PERMISSION, path="comments")

    assert error(town.get(f"{V}/{post.id}/comments")) == (403, 10, None)
    assert town.get(f"{V}/{post.id}").status_code == 200


def test_a_person_lists_pages_only_with_pages_show_list(town: Town) -> None:
    value = give_token(town, Token(value="shy", kind=TokenKind.USER, accounts=frozenset({FB})))

    assert error(town.get(f"{V}/me/accounts", token=value)) == (403, 10, None)


def test_a_proof_must_be_made_with_the_apps_secret(town: Town) -> None:
    right, wrong = (
        hmac.new(secret, PAGE_TOKEN.encode(), hashlib.sha256).hexdigest() for secret in (b"app-secret", b"guessed")
    )

    assert town.get(f"{V}/me", appsecret_proof=right).status_code == 200
    assert error(town.get(f"{V}/me", appsecret_proof=wrong)) == (400, 100, None)


# ---- debug_token ---------------------------------------------------------------------------------------------------


def test_debug_token_tells_kind_scopes_and_both_clocks(town: Town) -> None:
    data = town.get(f"{V}/debug_token", token=APP_TOKEN, input_token=PAGE_TOKEN).json()["data"]
    person = town.get(f"{V}/debug_token", token=APP_TOKEN, input_token=USER_TOKEN).json()["data"]

    assert (data["type"], person["type"]) == ("PAGE", "USER")
    assert data["is_valid"] is True
    assert (data["expires_at"], data["data_access_expires_at"]) == (0, 0)
    assert data["profile_id"] == PAGE
    assert "pages_messaging" in data["scopes"]
    assert "profile_id" not in person


def test_debug_token_answers_200_for_a_bad_token_and_says_what_is_wrong(town: Town) -> None:
    town.fault(FaultKind.EXPIRED_TOKEN)
    expired = town.get(f"{V}/debug_token", token=APP_TOKEN, input_token=PAGE_TOKEN).json()["data"]
    unknown = town.get(f"{V}/debug_token", token=APP_TOKEN, input_token="invented").json()["data"]

    assert (expired["is_valid"], expired["error"]["subcode"]) == (False, 463)
    assert (unknown["is_valid"], unknown["scopes"]) == (False, [])


def test_a_page_may_ask_only_about_its_own_token(town: Town) -> None:
    assert town.get(f"{V}/debug_token", input_token=PAGE_TOKEN).status_code == 200
    assert error(town.get(f"{V}/debug_token", input_token=USER_TOKEN)) == (400, 100, None)


# ---- gone, throttled -----------------------------------------------------------------------------------------------


def test_a_deleted_comment_is_100_33_and_absent_from_the_list(town: Town) -> None:
    post = town.own_post()
    comment = town.comment(post)
    town.world.delete(comment)

    assert error(town.get(f"{V}/{comment.id}")) == (400, 100, 33)
    assert town.get(f"{V}/{post.id}/comments").json()["data"] == []
    assert error(town.get(f"{V}/", ids=f"{post.id},{comment.id}")) == (400, 100, 33)


def test_what_is_not_written_yet_is_not_there(town: Town) -> None:
    post = town.own_post()
    comment = town.comment(post, at=town.clock.now + timedelta(minutes=1))
    before = error(town.get(f"{V}/{comment.id}"))
    town.clock.move_to(town.clock.now + timedelta(minutes=1))

    assert before == (400, 100, 33)
    assert town.get(f"{V}/{comment.id}").status_code == 200


@pytest.mark.parametrize(
    ("path", "token", "code", "kind"),
    [
        (f"{V}/{PAGE}/published_posts", PAGE_TOKEN, 80001, "pages"),
        (f"{V}/{PAGE}/published_posts", USER_TOKEN, 32, "pages"),
        (f"{V}/{INSTAGRAM}/media", PAGE_TOKEN, 80002, "instagram"),
        (f"{V}/{PAGE}/conversations", PAGE_TOKEN, 80006, "messenger"),
    ],
)
def test_too_many_calls_name_their_budget_and_when_it_is_over(
    town: Town, path: str, token: str, code: int, kind: str
) -> None:
    town.fault(FaultKind.RATE_LIMIT, account=None, to_at=town.clock.now + timedelta(minutes=42))
    answer = town.get(path, token=token)
    (usage,) = json.loads(answer.headers["x-business-use-case-usage"]).values()

    assert error(answer) == (400, code, None)
    assert usage[0]["type"] == kind
    assert usage[0]["call_count"] == 100
    assert usage[0]["estimated_time_to_regain_access"] == 42


def test_a_spent_app_budget_is_error_4_with_the_apps_usage(town: Town) -> None:
    town.fault(FaultKind.QUOTA, account=None)
    answer = town.get(f"{V}/{PAGE}")

    assert error(answer) == (403, 4, None)
    assert json.loads(answer.headers["x-app-usage"])["call_count"] == 100


def test_the_usage_header_comes_once_enough_calls_were_made(town: Town) -> None:
    account = town.world.account(FB)
    town.world.put_account(replace(account, followers=1))  # counted as ten: a budget of 4,800 calls a day
    quiet = town.get(f"{V}/{PAGE}")
    for _ in range(47):
        busy = town.get(f"{V}/{PAGE}")

    assert "x-business-use-case-usage" not in quiet.headers
    assert json.loads(busy.headers["x-business-use-case-usage"])[PAGE][0]["call_count"] == 1


def test_good_answers_to_a_persons_token_tell_of_the_apps_use_once_enough_calls_were_made(town: Town) -> None:
    quiet = town.get(f"{V}/{PAGE}", token=USER_TOKEN)
    for _ in range(19):
        busy = town.get(f"{V}/{PAGE}", token=USER_TOKEN)
    pages = town.get(f"{V}/{PAGE}")
    town.clock.now += timedelta(hours=1)
    later = town.get(f"{V}/{PAGE}", token=USER_TOKEN)

    assert json.loads(busy.headers["x-app-usage"]) == {"call_count": 1, "total_time": 0, "total_cputime": 0}
    assert [a.headers.get("x-app-usage") for a in (quiet, pages, later)] == [None] * 3


# ---- batch ---------------------------------------------------------------------------------------------------------


def batch(town: Town, *parts: dict[str, str], **form: str) -> httpx.Response:
    return town.post(f"{V}/", batch=json.dumps(parts), **form)


def test_a_batch_answers_in_order_each_with_its_own_code(town: Town) -> None:
    post = town.own_post()
    answer = batch(
        town,
        {"method": "GET", "relative_url": f"{post.id}?fields=id"},
        {"method": "GET", "relative_url": "123"},
        {"method": "GET", "relative_url": f"v24.0/me?fields=id&access_token={USER_TOKEN}"},
    ).json()

    assert [part["code"] for part in answer] == [200, 400, 200]
    assert json.loads(answer[0]["body"]) == {"id": post.id}
    assert json.loads(answer[1]["body"])["error"]["error_subcode"] == 33
    assert json.loads(answer[2]["body"]) == {"id": "77"}
    assert {"name": "Facebook-Api-Version", "value": "v24.0"} in answer[2]["headers"]


def test_a_batch_without_headers_leaves_them_out(town: Town) -> None:
    (part,) = batch(town, {"method": "GET", "relative_url": "me"}, include_headers="false").json()

    assert set(part) == {"code", "body"}


def test_what_did_not_finish_in_time_comes_back_as_null(town: Town) -> None:
    town.fault(FaultKind.OUTAGE, account=FB)
    answer = batch(
        town, {"method": "GET", "relative_url": PAGE}, {"method": "GET", "relative_url": INSTAGRAM}
    ).json()  # fmt: skip

    assert answer[0] is None
    assert answer[1]["code"] == 200


@pytest.mark.parametrize(
    "parts",
    [[{"method": "GET", "relative_url": "me"}] * 51, [], [{"method": "GET"}], ["me"]],
    ids=["too many", "none", "no address", "no object"],
)
def test_a_batch_that_is_none_is_refused(town: Town, parts: list[object]) -> None:
    assert town.post(f"{V}/", batch=json.dumps(parts)).status_code == 400


def test_a_batch_that_is_no_json_or_has_no_token_is_refused(town: Town) -> None:
    address = town.server.base_url("facebook") + f"{V}/"

    assert town.post(f"{V}/", batch="[").status_code == 400
    assert town.client.post(address, data={"batch": "[]"}).json()["error"]["code"] == 104


def test_a_batch_can_write(town: Town) -> None:
    comment = town.comment(town.own_post())
    (part,) = batch(town, {"method": "POST", "relative_url": comment.id, "body": "is_hidden=true"}).json()

    assert json.loads(part["body"]) == {"success": True}
    assert town.get(f"{V}/{comment.id}", fields="is_hidden").json()["is_hidden"] is True
