"""What keeps a page what it is: headers, hosts, limits, forms of its own only, and silence in the logs. (4 s)"""

import json
import logging
import socket
from io import StringIO
from pathlib import Path

import httpx
import pytest
from tests.web.conftest import LIBRARY, Hall, built, configured, hidden

from watchdaemon.clock import SimulatedClock
from watchdaemon.daemon.logs import configure_logging
from watchdaemon.domain.question import DecisionKind
from watchdaemon.errors import ConfigError, StorageError
from watchdaemon.settings import load_settings
from watchdaemon.web._limits import Limits
from watchdaemon.web.server import WebServer

NO_REPLY = DecisionKind.NO_REPLY_NEEDED


def test_every_answer_keeps_scripts_frames_caches_and_referrers_out(hall: Hall) -> None:
    link = hall.word(NO_REPLY)
    answers = [
        hall.get(link),
        hall.press(link),
        hall.get(hall.seen_all()),
        hall.get(link + "x"),
        hall.get(hall.server.url),
    ]

    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert {"frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"} <= set(policy.split("; "))
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        assert "<script" not in answer.text
        assert " style=" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "vakt.example.org.evil.example", "vakt.example.org:81", "", "127.0.0.1"]
)
def test_another_host_is_not_served(hall: Hall, host: str) -> None:
    assert hall.get(hall.word(NO_REPLY), Host=host).status_code in {400, 421}


def test_the_public_host_is_served(hall: Hall) -> None:
    assert hall.get(hall.word(NO_REPLY), Host="vakt.example.org").status_code == 200
    assert hall.get(hall.word(NO_REPLY), Host="VAKT.example.org").status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(hall: Hall, method: str) -> None:
    answer = hall.browser.request(method, hall.word(NO_REPLY))

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "path", ["/", "/w", "/w/", "/favicon.ico", "/robots.txt", "/../etc/passwd", "/w/%2e%2e", "/%ff"]
)
def test_there_is_nothing_else(hall: Hall, path: str) -> None:
    assert hall.get(hall.server.url + path).status_code in {403, 404}


def test_health_tells_nothing(hall: Hall) -> None:
    answer = hall.get(f"{hall.server.url}/healthz")

    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert hall.browser.post(f"{hall.server.url}/healthz").status_code == 404


# ---- forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b""),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"List-Unsubscribe=One-Click"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"proof=AAAAAAAAAAAA"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"proof=PROOF&" * 40),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "proof=é".encode("latin-1")),
        ({"Content-Type": "text/plain"}, b"proof=PROOF"),
        ({"Content-Type": "application/json"}, b'{"proof": "PROOF"}'),
        ({"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}, b"proof=PROOF"),
        ({"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-site"}, b"proof=PROOF"),
    ],
)
def test_a_post_that_does_not_come_from_the_pages_own_form_changes_nothing(
    hall: Hall, headers: dict[str, str], body: bytes
) -> None:
    link = hall.word(NO_REPLY)
    proof = hidden(hall.get(link).text)["proof"].encode()
    before = hall.dump()
    answer = hall.browser.post(link, content=body.replace(b"PROOF", proof), headers=headers)

    assert answer.status_code == 400
    assert "Inget ändrades" in answer.text
    assert hall.dump() == before


def test_a_form_that_is_too_large_is_refused_before_it_is_read(hall: Hall) -> None:
    before = hall.dump()

    assert hall.press(hall.word(NO_REPLY), note="x" * 20_000).status_code == 413
    assert hall.dump() == before


def test_a_long_note_is_cut(hall: Hall) -> None:
    hall.press(hall.word(NO_REPLY), note="å" * 600)

    assert hall.said() == [(NO_REPLY, "anna", "å" * 500)]


def test_headers_that_are_too_large_are_refused(hall: Hall) -> None:
    assert hall.get(hall.word(NO_REPLY), Cookie="x" * 40_000).status_code == 431


# ---- limits ------------------------------------------------------------------------------------------------------


def test_a_bucket_empties_and_fills_again_for_each_address_by_itself() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0], burst=3, per_second=1)

    assert [limits.allows("a") for _ in range(4)] == [True, True, True, False]
    assert limits.allows("b")
    now[0] = 1.0
    assert [limits.allows("a"), limits.allows("a")] == [True, False]
    now[0] = 100.0
    assert [limits.allows("a") for _ in range(4)] == [True, True, True, False]


def test_only_so_many_addresses_are_remembered() -> None:
    limits = Limits(lambda: 0.0, burst=1, per_second=1)
    for n in range(5_000):
        limits.allows(str(n))

    assert len(limits._left) == 2_000


def test_too_many_at_once_are_told_to_wait_and_who_asks_is_known_behind_a_proxy(hall: Hall) -> None:
    url = f"{hall.server.url}/healthz"
    one = [hall.get(url, **{"X-Forwarded-For": "6.6.6.6, 10.1.1.1"}).status_code for _ in range(260)]
    again = hall.get(url, **{"X-Forwarded-For": "7.7.7.7, 10.1.1.1"})  # what comes before the last is anybody's word
    other = hall.get(url, **{"X-Forwarded-For": "10.1.1.2"})

    assert one[0] == 200
    assert one[-1] == again.status_code == 429
    assert again.headers["Retry-After"] == "60"
    assert other.status_code == 200


# ---- troubles ----------------------------------------------------------------------------------------------------


def test_a_database_that_does_not_answer_is_told_plainly(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise StorageError("could not read: HEMLIGT")

    link = hall.word(NO_REPLY)
    monkeypatch.setattr(hall.app.store, "load_register", fail)
    answer = hall.get(link)

    assert answer.status_code == 503
    assert "HEMLIGT" not in answer.text


def test_a_fault_of_ours_is_a_plain_page(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("HEMLIGT")

    link = hall.word(NO_REPLY)
    monkeypatch.setattr(hall.app.store, "load_register", fail)
    answer = hall.get(link)

    assert answer.status_code == 500
    assert "HEMLIGT" not in answer.text


def test_a_word_is_kept_when_judging_fails(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise StorageError("could not store verdicts")

    monkeypatch.setattr(hall.app.store, "save_judgements", fail)

    assert hall.press(hall.word(NO_REPLY)).status_code == 303
    assert hall.said() == [(NO_REPLY, "anna", "")]


def test_nothing_of_the_link_the_item_or_the_note_is_logged(hall: Hall) -> None:
    lines = StringIO()
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    configure_logging(level="debug", style="json", stream=lines)
    try:
        link = hall.word(NO_REPLY)
        hall.press(link, note="Gatukontoret vet")
        hall.get(link + "x")
        hall.press(hall.seen_all())
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
    text = lines.getvalue()
    events = [json.loads(line)["event"] for line in text.splitlines()]

    assert {"page", "word_said", "window_seen"} <= set(events)
    for secret in (link.rpartition("/")[2], "Gatukontoret", "biblioteket på", "Kim", "Anna", "q1", "127.0.0.1"):
        assert secret not in text


def test_a_request_in_a_repr_shows_neither_path_nor_body() -> None:
    from watchdaemon.web._application import Request

    shown = repr(
        Request(method="GET", path="/w/SECRET", host="x", address="SECRET", headers={"a": "SECRET"}, body=b"SECRET")
    )

    assert "SECRET" not in shown


# ---- serving -----------------------------------------------------------------------------------------------------


def test_a_slow_client_keeps_nobody_waiting(hall: Hall) -> None:
    host, port = hall.server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow, socket.create_connection((host, int(port))) as slower:
        slow.sendall(b"POST /w/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nproof=")
        slower.sendall(b"GET /w/")

        assert hall.get(hall.word(NO_REPLY)).status_code == 200


def test_a_client_that_sends_a_byte_now_and_then_is_sent_away_all_the_same(hall: Hall) -> None:
    host, port = hall.server.url.removeprefix("http://").split(":")
    server = hall.server._server  # nothing else tells of a connection's age
    with socket.create_connection((host, int(port)), timeout=10) as slow:
        slow.sendall(b"GET /w/")
        hall.get(hall.server.url)
        channel = next(c for c in server.active_channels.values() if c.addr[1] == slow.getsockname()[1])
        channel.last_activity -= 60
        slow.sendall(b"x")
        hall.get(hall.server.url)
        server.next_channel_cleanup = 0
        hall.get(hall.server.url)

        assert slow.recv(1) == b""


@pytest.mark.parametrize("end", [".", ")", ">.", "%3E", "%22", "%20", "…", "?utm_source=mail&fbclid=1"])
def test_what_is_copied_along_with_a_link_does_no_harm(hall: Hall, end: str) -> None:
    answer = hall.press(hall.word(NO_REPLY) + end)

    assert answer.status_code == 303
    assert hall.follow(answer).status_code == 200
    assert hall.said() == [(NO_REPLY, "anna", "")]


def test_a_port_that_is_taken_is_named(hall: Hall) -> None:
    port = int(hall.server.url.rpartition(":")[2])

    with pytest.raises(ConfigError, match=f"web.listen: cannot listen on 127.0.0.1:{port}"):
        WebServer(hall.app, port=port).start()


def test_without_a_public_address_there_is_nothing_to_serve(hall: Hall) -> None:
    settings = hall.app.settings.model_copy(
        update={"web": hall.app.settings.web.model_copy(update={"public_url": None})}
    )
    app = built(settings, SimulatedClock(hall.clock()))
    try:
        assert app.links is None
        with pytest.raises(ConfigError, match="public_url is not set"):
            WebServer(app, port=0).start()
    finally:
        app.close()


def test_pages_below_a_path_of_the_public_address_are_found_with_and_without_it(hall: Hall) -> None:
    web = hall.app.settings.web.model_copy(update={"public_url": "https://www.example.org/vakt"})
    app = built(hall.app.settings.model_copy(update={"web": web}), SimulatedClock(hall.clock()))
    assert app.links is not None
    path = app.links.word("anna", LIBRARY, "q1", NO_REPLY, at=hall.clock()).removeprefix("https://www.example.org")
    with WebServer(app, port=0) as server:
        found = [hall.get(server.url + p, Host="www.example.org") for p in (path, path.removeprefix("/vakt"))]
        pressed = hall.press(server.url + path)
    app.close()

    assert path.startswith("/vakt/w/")
    assert [f.status_code for f in found] == [200, 200]
    assert "/" not in pressed.headers["Location"]  # relative: it holds below whatever path


def test_stopping_frees_the_port_and_can_be_done_twice(hall: Hall) -> None:
    url = hall.server.url
    hall.server.stop()
    hall.server.stop()

    with pytest.raises(httpx.ConnectError):
        hall.browser.get(f"{url}/healthz")
    with WebServer(hall.app, port=int(url.rpartition(":")[2])) as again:
        assert hall.browser.get(f"{again.url}/healthz").status_code == 200


@pytest.mark.parametrize("public", ["https://vakt.example.org:443", "https://VAKT.example.org"])
def test_a_default_port_and_large_letters_are_the_same_host(hall: Hall, public: str) -> None:
    web = hall.app.settings.web.model_copy(update={"public_url": public})
    app = built(hall.app.settings.model_copy(update={"web": web}), SimulatedClock(hall.clock()))
    with WebServer(app, port=0) as server:
        answer = hall.get(f"{server.url}/healthz", Host="vakt.example.org")
    app.close()

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "address", ["http://vakt.example.org", "ftp://x", "https://x/?q", "https://u:p@x", "vakt.example"]
)
def test_an_address_that_links_cannot_begin_with_is_refused(tmp_path: Path, address: str) -> None:
    file = tmp_path / "w.toml"
    file.write_text(f'[organisation]\nname = "E"\n[mail]\nsender = "v@example.org"\n[web]\npublic_url = "{address}"\n')

    with pytest.raises(ConfigError, match=r"web\.public_url"):
        load_settings(file)


def test_settings_refuse_addresses_that_would_give_links_away(tmp_path_factory: pytest.TempPathFactory) -> None:
    for web in ('proxies = ["nginx"]', "link_days = 0", 'key = "../x"'):
        with pytest.raises(ConfigError):
            configured(tmp_path_factory.mktemp("c"), web + "\n")
