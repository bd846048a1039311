"""OAuth 2 tokens of X: renewed when they have ended or are refused, kept before they are used."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from pydantic import SecretStr
from tests.adapters.x.fake import BASE_URL, ME, NOW, USERS, account

from watchdaemon.clock import SimulatedClock
from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.errors import AccountError, RateLimitedError, Reason, RetriableError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.settings import FileCredentials
from watchdaemon.testing.memory import MemoryStore
from watchdaemon_adapters.x import plugin

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Service:
    """X's token end-point and `/2/users/me`; `good` is the access token it takes."""

    kept: KeptCredentials
    clock: SimulatedClock
    good: str = "access-1"
    exchanges: list[httpx.Request] = field(default_factory=list)
    answer: Answer | None = None

    def adapter(self) -> PlatformAdapter:
        """The adapter over the kept credentials."""
        context = AdapterContext(
            road=Road(retries=RetryPolicy(tries=1)),
            credentials=self.kept,
            clock=self.clock,
            look_back=timedelta(days=30),
        )
        return plugin.create({"base_url": BASE_URL}, context)

    def put(self, *, ends_at: object = NOW - timedelta(minutes=1), **more: str) -> None:
        """The account was connected a while ago."""
        fields = {"client_id": "app", "token": "access-0", "refresh_token": "refresh-0", **more}
        if ends_at is not None:
            fields["token_expires_at"] = str(ends_at)
        self.kept.write("x-kommun", {k: SecretStr(v) for k, v in fields.items()})

    def held(self, name: str) -> str:
        """What is kept now."""
        return self.kept.read("x-kommun")[name].get_secret_value()

    def exchange(self, request: httpx.Request) -> httpx.Response:
        self.exchanges.append(request)
        if self.answer is not None:
            return self.answer(request)
        body = {"token_type": "bearer", "expires_in": 7200, "access_token": "access-1", "refresh_token": "refresh-1"}
        return httpx.Response(200, json=body)

    def me(self, request: httpx.Request) -> httpx.Response:
        if request.headers["Authorization"] != f"Bearer {self.good}":
            return httpx.Response(401, json={"title": "Unauthorized", "status": 401})
        return httpx.Response(200, json={"data": USERS[ME]})


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that renews, and an account connected with OAuth 2."""
    (tmp_path / "watchdaemon-key").write_text(new_key().get_secret_value())
    clock = SimulatedClock(NOW)
    kept = KeptCredentials(MemoryStore(), FileCredentials(tmp_path), key="watchdaemon-key", clock=clock)
    running = Service(kept, clock)
    with respx.mock(assert_all_called=False) as router:
        router.post(f"{BASE_URL}/2/oauth2/token").mock(side_effect=running.exchange)
        router.get(url__startswith=f"{BASE_URL}/2/users/me").mock(side_effect=running.me)
        yield running


def test_a_token_that_has_ended_is_renewed_and_kept(service: Service) -> None:
    service.put()
    health = service.adapter().credential(account())

    assert (health.is_valid, health.kind) == (True, "OAuth 2.0")
    assert (service.held("token"), service.held("refresh_token")) == ("access-1", "refresh-1")
    assert service.held("token_expires_at") == (NOW + timedelta(hours=2)).isoformat()
    assert service.held("client_id") == "app"


def test_a_public_client_names_itself_in_the_form(service: Service) -> None:
    service.put()
    service.adapter().credential(account())
    (request,) = service.exchanges

    form = parse_qs(request.content.decode())
    assert form == {"grant_type": ["refresh_token"], "refresh_token": ["refresh-0"], "client_id": ["app"]}
    assert "Authorization" not in request.headers


def test_a_confidential_client_proves_itself_by_basic(service: Service) -> None:
    service.put(client_secret="s:e/c")
    service.adapter().credential(account())
    (request,) = service.exchanges

    assert "client_id" not in parse_qs(request.content.decode())
    assert request.headers["Authorization"] == "Basic YXBwOnMlM0FlJTJGYw=="  # app:s%3Ae%2Fc


def test_a_token_that_still_holds_is_not_renewed(service: Service) -> None:
    service.put(ends_at=NOW + timedelta(seconds=1))
    service.good = "access-0"

    assert service.adapter().credential(account()).is_valid
    assert service.exchanges == []


@pytest.mark.parametrize("ends_at", [NOW + timedelta(hours=1), None, "soon"])
def test_a_token_that_is_refused_before_its_time_is_renewed_once(service: Service, ends_at: object) -> None:
    service.put(ends_at=ends_at)

    assert service.adapter().credential(account()).is_valid
    assert service.held("token") == "access-1"
    assert len(service.exchanges) == 1


def test_a_new_token_that_is_refused_too_is_a_matter_for_a_person(service: Service) -> None:
    service.put()
    service.good = "none at all"
    health = service.adapter().credential(account())

    assert not health.is_valid
    assert len(service.exchanges) == 2  # once because it had ended, once because the new one was refused


@pytest.mark.parametrize("error", ["invalid_request", "invalid_grant", "anything else"])
def test_a_refused_refresh_token_is_not_tried_again(service: Service, error: str) -> None:
    service.put()
    service.answer = lambda _: httpx.Response(400, json={"error": error, "error_description": "invalid"})
    for _ in range(2):
        with pytest.raises(AccountError, match="must be connected again") as caught:
            service.adapter().credential(account())
        assert caught.value.reason is Reason.UNAUTHORISED

    assert len(service.exchanges) == 1


def test_an_app_that_is_refused_leaves_the_token_unspent(service: Service) -> None:
    service.put()
    service.answer = lambda _: httpx.Response(401, json={"error": "invalid_client"})
    with pytest.raises(AccountError) as caught:
        service.adapter().credential(account())
    service.answer = None

    assert caught.value.reason is Reason.PERMISSION
    assert service.adapter().credential(account()).is_valid


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503, json={}), RetriableError),
        (httpx.Response(429, json={}), RateLimitedError),
        (httpx.Response(400, text="<html>a proxy"), RetriableError),
        (httpx.Response(200, text="<html>a portal"), RetriableError),
        (httpx.Response(200, json={"access_token": 7}), RetriableError),
        (httpx.Response(200, json=["access_token"]), RetriableError),
    ],
)
def test_what_is_no_word_about_the_token_leaves_it_to_be_tried_again(
    service: Service, answer: httpx.Response, error: type[Exception]
) -> None:
    service.put()
    service.answer = lambda _: answer
    with pytest.raises(error):
        service.adapter().credential(account())
    service.answer = None

    assert service.adapter().credential(account()).is_valid
    assert [parse_qs(r.content.decode())["refresh_token"] for r in service.exchanges] == [["refresh-0"]] * 2


def test_a_credential_without_the_app_s_id_says_so(service: Service) -> None:
    fields = {"refresh_token": SecretStr("r")}
    service.kept.write("x-kommun", fields)

    with pytest.raises(AccountError, match="lacks client_id"):
        service.adapter().credential(account())


def test_without_a_place_for_the_new_token_the_old_one_is_not_used_up(service: Service, tmp_path: Path) -> None:
    service.put()
    (tmp_path / "x-kommun").write_text('client_id = "app"\nrefresh_token = "only one"\n')
    (tmp_path / "watchdaemon-key").unlink()
    only_files = KeptCredentials(MemoryStore(), FileCredentials(tmp_path), key="watchdaemon-key", clock=service.clock)
    service.kept = only_files
    with pytest.raises(AccountError, match="no key to encrypt") as caught:
        service.adapter().credential(account())

    assert caught.value.reason is Reason.NO_CREDENTIAL
    assert service.exchanges == []


def test_no_secret_is_in_an_error_or_a_path(service: Service) -> None:
    service.put()
    service.answer = lambda _: httpx.Response(400, json={"error": "invalid_grant", "error_description": "refresh-0"})
    with pytest.raises(AccountError) as caught:
        service.adapter().credential(account())

    assert "refresh-0" not in repr(caught.value) + str(caught.value) + str(caught.value.__cause__)
    assert "refresh-0" not in str(service.exchanges[0].url)
