"""Fifty questions to a request; each failure costs no more than it must."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from watchdaemon.errors import AccountError, AdapterError, RateLimitedError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon_adapters._graph.client import Secrets, read_answer
from watchdaemon_adapters._graph.courier import Courier
from watchdaemon_adapters._graph.rounds import AccountClient, Ask, attempt, gather, run_rounds
from watchdaemon_adapters._graph.values import Row

Entry = dict[str, Any] | None
Answering = Callable[[str, dict[str, str]], Entry]


def entry(body: object, code: int = 200, **headers: str) -> dict[str, Any]:
    return {
        "code": code,
        "headers": [{"name": n.replace("_", "-"), "value": v} for n, v in headers.items()],
        "body": json.dumps(body),
    }


def refusal(code: int, *, status: int = 400, **more: object) -> dict[str, Any]:
    return entry({"error": {"code": code, "message": "no", **more}}, status)


class Server:
    """Answers batches by a function of path and parameters; `outer` may refuse a whole request by its token."""

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.outer: Callable[[str], object] = lambda _: None
        self.batches: list[list[str]] = []
        self.gets: list[str] = []
        self.outside: list[str] = []
        self.pauses: list[float] = []

    def graph(self, secrets: Secrets, account: str | None) -> "Graph":
        return Graph(self, secrets.token)

    def rounds(self, *steps: Any) -> list[Any]:
        with Road(sleep=self.pauses.append) as road:
            return list(run_rounds(steps, Courier(road, "facebook", self.graph)))


class Graph:
    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token

    def get(self, path: str, params: Mapping[str, str]) -> Row:
        self._server.gets.append(path)
        found = self._server.answering(path, {**params, "access_token": self._token}) or {}
        code, body = found.get("code", 502), found.get("body", "")
        status, content = (code, body) if isinstance(code, int) and isinstance(body, str) else (502, "")
        return read_answer(content.encode(), status=status, headers={}, platform="facebook", account=None)

    def batch(self, parts: str) -> object:
        self._server.outside.append(self._token)
        asked = [urlsplit(part["relative_url"]) for part in json.loads(parts)]
        self._server.batches.append([at.path for at in asked])
        trouble = self._server.outer(self._token)
        if isinstance(trouble, AdapterError):
            raise trouble
        if trouble is not None:
            return trouble
        return [self._server.answering(at.path, dict(parse_qsl(at.query))) for at in asked]


def client(name: str, *, secret: str | None = None) -> AccountClient:
    return AccountClient(name, Secrets(token=f"token-{name}", app_secret=secret))


async def ask(of: AccountClient, *paths: str) -> list[Row | AdapterError]:
    return await gather(*(attempt(of.get(path, {"fields": "id"})) for path in paths))


def echo(path: str, params: dict[str, str]) -> Entry:
    return entry({"id": path, "token": params["access_token"]})


def test_forty_pages_first_questions_cost_three_requests() -> None:
    server = Server(echo)
    clients = [client(str(n)) for n in range(40)]
    answers = server.rounds(*(ask(c, "me", c.account, f"{c.account}/posts") for c in clients))

    assert [len(batch) for batch in server.batches] == [50, 50, 20]
    assert all(row["token"] == f"token-{n}" for n, rows in enumerate(answers) for row in rows)
    assert [row["id"] for row in answers[7]] == ["me", "7", "7/posts"]


def test_follow_up_questions_ride_with_others_first_ones() -> None:
    async def twice(of: AccountClient) -> int:
        await ask(of, "a", "b")
        await ask(of, "c")
        return 1

    server = Server(echo)

    assert sum(server.rounds(*(twice(client(str(n))) for n in range(33)))) == 33
    assert [len(batch) for batch in server.batches] == [50, 41, 8]


def test_a_question_alone_is_asked_without_a_batch() -> None:
    server = Server(echo)
    server.rounds(ask(client("a"), "me"))

    assert (server.gets, server.batches) == (["me"], [])


def test_every_question_proves_its_own_token() -> None:
    proofs: list[str] = []

    def answering(path: str, params: dict[str, str]) -> Entry:
        proofs.append(params.get("appsecret_proof", ""))
        return entry({})

    Server(answering).rounds(ask(client("a", secret="hemlis"), "x", "y"), ask(client("b"), "z"))

    assert sorted(len(proof) for proof in proofs) == [0, 64, 64]


def test_a_null_entry_is_asked_for_once_more() -> None:
    nulls = iter([None, entry({"id": "late"})])
    server = Server(lambda path, _: next(nulls) if path == "slow" else entry({}))
    ((row, _),) = server.rounds(ask(client("a"), "slow", "fast"))

    assert row == {"id": "late"}
    assert server.pauses


def test_what_stays_null_is_that_questions_trouble_alone() -> None:
    of = client("a")
    server = Server(lambda path, _: None if path == "slow" else entry({}))
    (later, (slow, other)) = server.rounds(ask(of, "slow", "slow"), ask(of, "later"))

    assert isinstance(slow, RetriableError)
    assert (slow.reason, slow.cause_key, slow.account) == (Reason.OUTAGE, None, "a")
    assert isinstance(other, RetriableError)
    assert later == [{}]
    assert [len(batch) for batch in server.batches] == [3, 2]


@pytest.mark.parametrize(
    ("answer", "reason", "times"),
    [
        (refusal(2, status=500), Reason.OUTAGE, 3),
        (refusal(1), Reason.OUTAGE, 3),
        ({"code": 502, "body": "<html>", "headers": []}, Reason.OUTAGE, 3),
        ({"code": 200, "body": "[]"}, Reason.OUTAGE, 3),
        ({"code": "200", "body": "{}"}, Reason.OUTAGE, 2),
        ({"code": 200, "body": {}}, Reason.OUTAGE, 2),
        ({}, Reason.OUTAGE, 2),
        (refusal(10, status=403), Reason.PERMISSION, 1),
        (refusal(100), Reason.MALFORMED, 1),
        (refusal(12), Reason.UNSUPPORTED, 1),
    ],
)
def test_an_entrys_error_is_sorted_by_its_code_and_strikes_nobody_else(
    answer: Entry, reason: Reason, times: int
) -> None:
    bad, good = client("bad"), client("good")
    server = Server(lambda path, _: answer if path.startswith("x") else entry({}))
    results = server.rounds(ask(bad, "x1", "x2", "y"), ask(good, "z", "w"))
    ((first, second, fine),) = [r for r in results if len(r) == 3]

    assert isinstance(first, AdapterError)
    assert isinstance(second, AdapterError)
    assert {first.reason, second.reason} == {reason}
    assert first.cause_key is None
    assert [{}, {}] in results
    assert fine == {}
    assert sum(batch.count("x1") for batch in server.batches) == times


def test_a_throttled_account_asks_nothing_more_and_the_others_go_on() -> None:
    usage = '{"1": [{"estimated_time_to_regain_access": 17}]}'
    throttled, free = client("throttled"), client("free")

    def answering(_: str, params: dict[str, str]) -> Entry:
        if params["access_token"] == "token-throttled":
            return entry({"error": {"code": 80001}}, 400, X_Business_Use_Case_Usage=usage)
        return entry({})

    async def on_and_on(of: AccountClient) -> list[Row | AdapterError]:
        return [*await ask(of, "a", "b"), *await ask(of, "c", "d")]

    server = Server(answering)
    results = server.rounds(on_and_on(throttled), on_and_on(free))
    (errors,) = [r for r in results if isinstance(r[0], AdapterError)]

    assert [type(e) for e in errors] == [RateLimitedError] * 4
    assert errors[0].retry_after == timedelta(minutes=17)
    assert [{}, {}, {}, {}] in results
    assert (throttled.calls, free.calls) == (1, 2)


def test_a_throttled_app_stops_everybody() -> None:
    async def on_and_on(of: AccountClient) -> list[Row | AdapterError]:
        return [*await ask(of, "a", "b"), *await ask(of, "c", "d")]

    server = Server(lambda path, _: refusal(4) if path == "a" else entry({}))
    results = server.rounds(on_and_on(client("1")), on_and_on(client("2")))

    assert len(server.batches) == 1
    assert {e.cause_key for r in results for e in r if isinstance(e, AdapterError)} == {"facebook:app-limit"}


def test_another_token_goes_outside_when_one_is_refused_there() -> None:
    server = Server(echo)
    server.outer = lambda token: (
        AccountError("expired", platform="facebook", reason=Reason.UNAUTHORISED) if token == "token-a" else None
    )

    async def on_and_on(of: AccountClient) -> list[Row | AdapterError]:
        return [*await ask(of, "x", "y"), *await ask(of, "z", "w")]

    results = server.rounds(on_and_on(client("a")), on_and_on(client("b")))

    assert not any(isinstance(row, AdapterError) for r in results for row in r)
    assert server.outside == ["token-a", "token-b", "token-b"]


def test_when_every_token_is_refused_all_are_told() -> None:
    server = Server(echo)
    server.outer = lambda _: AccountError("expired", platform="facebook", reason=Reason.UNAUTHORISED)
    results = server.rounds(ask(client("a"), "x"), ask(client("b"), "y"))

    assert [row.reason for r in results for row in r] == [Reason.UNAUTHORISED] * 2


def test_a_platform_without_batches_is_asked_one_by_one() -> None:
    server = Server(echo)
    server.outer = lambda _: AdapterError("what?", platform="facebook", reason=Reason.MALFORMED)
    results = server.rounds(ask(client("a"), "x", "y"), ask(client("b"), "z"))

    assert server.gets == ["x", "y", "z"]
    assert len(server.batches) == 1
    assert not any(isinstance(row, AdapterError) for r in results for row in r)


def test_a_failed_batch_strikes_those_in_it_and_no_others() -> None:
    server = Server(echo)
    failures = iter([RetriableError("away", platform="facebook", cause_key="facebook:outage")])
    server.outer = lambda _: next(failures, None)
    results = server.rounds(*(ask(client(str(n)), "me", "x") for n in range(40)))
    failed = [r for r in results if any(isinstance(row, AdapterError) for row in r)]

    assert len(failed) == 25
    assert len(server.batches) == 2


@pytest.mark.parametrize("answer", [{}, "text", 7, {"data": []}])
def test_a_batchs_answer_that_is_no_list_is_no_silence(answer: object) -> None:
    server = Server(echo)
    server.outer = lambda _: answer
    ((first, second),) = server.rounds(ask(client("a"), "x", "y"))

    assert isinstance(first, RetriableError)
    assert isinstance(second, RetriableError)
    assert len(server.batches) == 2


def test_an_answer_with_too_few_entries_leaves_the_rest_to_be_asked_again() -> None:
    short: Iterator[object] = iter([[entry({"id": "x"})], None])
    server = Server(echo)
    server.outer = lambda _: next(short, None)
    ((first, second),) = server.rounds(ask(client("a"), "x", "y"))

    assert first == {"id": "x"}
    assert isinstance(second, dict)
    assert second["id"] == "y"


def test_one_inbox_is_asked_twice_a_second_at_most() -> None:
    server = Server(echo)
    paths = [f"t_{n}/messages" for n in range(6)]
    server.rounds(ask(client("a"), *paths), ask(client("b"), "b/conversations"))

    assert [sum("messages" in path for path in batch) for batch in server.batches] == [2, 2, 2]
    assert [0.5 < pause <= 1.0 for pause in server.pauses] == [True, True]


def test_pick_keeps_the_order_of_what_it_leaves() -> None:
    of = client("a")
    waiting = deque(Ask(client=of, path=f"t_{n}/messages", params={}) for n in range(4))
    with Road() as road:
        courier = Courier(road, "facebook", Server(echo).graph)
        picked = [[a.path for a in courier.pick(waiting)] for _ in range(2)]

    assert picked == [["t_0/messages", "t_1/messages"], ["t_2/messages", "t_3/messages"]]
