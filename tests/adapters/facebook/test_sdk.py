"""facebook-sdk over our road: the version, the host, the proof, and every answer it stumbles over."""

import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import facebook
import httpx
import pytest
import respx

from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon_adapters._graph.client import Secrets
from watchdaemon_adapters.facebook.sdk import PageGraph

SCRIPT = {"Content-Type": "text/javascript"}
BASE = "https://graph.example/facebook"


@pytest.fixture
def road() -> Iterator[Road]:
    with Road(timeout=5, sleep=lambda _: None, retries=RetryPolicy(tries=2)) as made:
        yield made


def graph(road: Road, secrets: Secrets | None = None) -> PageGraph:
    return PageGraph(
        road,
        base_url=BASE,
        api_version="v25.0",
        secrets=secrets or Secrets(token="EAAhemligt"),
        platform="facebook",
        account="fb-bibliotek",
        timeout=5,
    )


@respx.mock
def test_the_version_the_host_and_the_proof_are_ours(road: Road) -> None:
    route = respx.get(f"{BASE}/v25.0/me").respond(json={"id": "1"})
    made = graph(road, Secrets(token="EAAhemligt", app_id="7", app_secret="hemlis"))

    assert made.get("me", {"fields": "id"}) == {"id": "1"}
    query = parse_qs(urlsplit(str(route.calls.last.request.url)).query)
    proof = hmac.new(b"hemlis", b"EAAhemligt", hashlib.sha256).hexdigest()
    assert query == {"fields": ["id"], "access_token": ["EAAhemligt"], "appsecret_proof": [proof]}
    assert facebook.FACEBOOK_GRAPH_URL == "https://graph.facebook.com/"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(400, json={"error": {"code": 190, "error_subcode": 463}}), Reason.UNAUTHORISED),
        (httpx.Response(200, json={"error": {"code": 190}}), Reason.UNAUTHORISED),
        (
            httpx.Response(400, text='{"error": {"code": 190}}', headers={"Content-Type": "text/javascript"}),
            Reason.UNAUTHORISED,
        ),
        (httpx.Response(403, json={"error": {"code": 10}}), Reason.PERMISSION),
        (httpx.Response(502, html="<html>Bad gateway</html>"), Reason.OUTAGE),
        (httpx.Response(503), Reason.OUTAGE),
        (httpx.Response(304), Reason.OUTAGE),
        (httpx.Response(200), Reason.OUTAGE),
        (httpx.Response(200, text='{"data": [', headers={"Content-Type": "application/json"}), Reason.OUTAGE),
        (httpx.Response(200, json=[1, 2]), Reason.OUTAGE),
        (httpx.Response(200, json="text"), Reason.OUTAGE),
        (httpx.Response(200, json=None), Reason.OUTAGE),
        (httpx.Response(500, json={"error": "text"}), Reason.OUTAGE),
        (httpx.Response(400, json={"error": []}), Reason.MALFORMED),
        (httpx.Response(404, json={"something": "else"}), Reason.MALFORMED),
    ],
)
@respx.mock
def test_every_answer_that_is_none_becomes_an_error_of_ours(road: Road, answer: httpx.Response, reason: Reason) -> None:
    respx.get(f"{BASE}/v25.0/me").mock(side_effect=lambda _: answer)

    with pytest.raises(AdapterError) as caught:
        graph(road).get("me", {})
    assert caught.value.reason is reason
    assert caught.value.account == "fb-bibliotek"
    assert "hemligt" not in repr(caught.value)


@respx.mock
def test_subcode_and_usage_headers_are_not_lost(road: Road) -> None:
    headers = {"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 17}]}'}
    respx.get(f"{BASE}/v25.0/me").respond(400, json={"error": {"code": 80001}}, headers=headers)

    with pytest.raises(RetriableError) as caught:
        graph(road).get("me", {})
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 17 * 60


@respx.mock
def test_no_answer_is_the_platforms_outage_and_tells_no_token(road: Road) -> None:
    route = respx.get(f"{BASE}/v25.0/me").mock(side_effect=httpx.ConnectError("https://x/?access_token=EAAhemligt"))

    with pytest.raises(RetriableError) as caught:
        graph(road).get("me", {})
    assert caught.value.cause_key == "facebook:outage"
    assert "hemligt" not in str(caught.value)
    assert route.call_count == 2


@respx.mock
def test_a_moments_trouble_is_tried_again_and_a_refusal_is_not(road: Road) -> None:
    route = respx.get(f"{BASE}/v25.0/me")
    route.side_effect = [httpx.Response(500, json={"error": {"code": 2}}), httpx.Response(200, json={"id": "1"})]

    assert graph(road).get("me", {}) == {"id": "1"}
    route.side_effect = [httpx.Response(400, json={"error": {"code": 190}})]
    with pytest.raises(AccountError):
        graph(road).get("me", {})
    assert route.call_count == 3


@respx.mock
def test_json_by_another_name_is_not_taken_for_a_token_answer(road: Road) -> None:
    """The SDK looks for ``access_token=`` in what is not called JSON, and finds it in the link to the next page."""
    page = {"data": [{"id": "1"}], "paging": {"next": f"{BASE}/v25.0/1/posts?access_token=EAAhemligt&after=QVFI"}}
    respx.get(f"{BASE}/v25.0/1/posts").respond(json=page, headers=SCRIPT)

    assert graph(road).get("1/posts", {}) == page
