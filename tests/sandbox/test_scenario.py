"""Exempelkommun: the same every time, whole, and with something of everything a watch must cope with."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.se import personnummer
from tests.sandbox.conftest import Clock

from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.scenario import Scenario, exempelkommun
from watchdaemon.sandbox.scenario.town import EXPIRING, VOICES
from watchdaemon.sandbox.scenario.writer import ZONE, after_office_hours
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Moderation, TokenKind, WorldItem
from watchdaemon.services.register import parse_register

MONDAY = date(2026, 11, 9)
TWO_LEVELS = ("facebook", "instagram", "youtube")


@pytest.fixture(scope="module")
def town() -> Scenario:
    return exempelkommun(MONDAY)


@pytest.fixture(scope="module")
def items(town: Scenario) -> list[WorldItem]:
    return town.world.all_items()


def questions(items: list[WorldItem]) -> list[WorldItem]:
    return [i for i in items if i.expects == "question"]


def answers_to(asked: WorldItem, items: list[WorldItem]) -> list[WorldItem]:
    return [i for i in items if i.by_account and i.account == asked.account and i.parent_id == asked.id]


def test_the_same_start_and_seed_give_the_same_town(items: list[WorldItem]) -> None:
    assert exempelkommun(MONDAY).world.all_items() == items
    assert exempelkommun(MONDAY, seed=2).world.all_items() != items


def test_another_monday_gives_the_same_texts_at_other_times(items: list[WorldItem]) -> None:
    later = exempelkommun(MONDAY + timedelta(weeks=1)).world.all_items()

    assert Counter(i.text for i in later) == Counter(i.text for i in items)


def test_it_begins_on_a_monday_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="not a Monday"):
        exempelkommun(MONDAY + timedelta(days=1))


def test_it_is_big_enough_to_watch_and_small_enough_to_look_at(items: list[WorldItem]) -> None:
    platforms = Counter(v.platform for v in VOICES)
    asked = questions(items)

    assert set(platforms) >= {"facebook", "instagram", "mastodon", "x", "youtube"}
    assert len(VOICES) >= 23
    assert 500 <= len(items) <= 900
    assert len(asked) >= 150
    assert len({i.text for i in asked}) >= 120
    assert sum(i.expects == "statement" for i in items) >= 150
    assert resources.files("watchdaemon.sandbox").joinpath("data/exempelkommun.toml").is_file()


def test_people_leave_question_marks_out_and_write_in_lower_case(items: list[WorldItem]) -> None:
    asked = questions(items)
    unmarked = [i for i in asked if "?" not in i.text]

    assert len(unmarked) > len(asked) / 3
    assert any(i.text == i.text.lower() for i in unmarked)


def test_no_statement_has_a_question_mark(items: list[WorldItem]) -> None:
    assert [i.text for i in items if i.expects == "statement" and "?" in i.text] == []


def test_every_kind_of_item_is_there(items: list[WorldItem]) -> None:
    kinds = {i.kind for i in items}

    assert kinds >= {Kind.POST, Kind.COMMENT, Kind.VISITOR_POST, Kind.MENTION, Kind.MESSAGE}
    assert {i.moderation for i in items} >= {Moderation.HELD, Moderation.SPAM}
    assert any(i.is_author_private for i in items)
    assert any(i.edits for i in items)
    assert any(i.hidden_at for i in items)
    assert any("http" in i.text for i in items)


def test_questions_meet_every_fate(items: list[WorldItem]) -> None:
    asked = [i for i in questions(items) if i.kind is Kind.COMMENT]
    lengths = [a[0].published_at - i.published_at for i in asked if (a := answers_to(i, items))]

    assert any(i.deleted_at for i in asked)
    assert any(not answers_to(i, items) and not i.deleted_at for i in asked)
    assert any(len(answers_to(i, items)) > 1 for i in asked)  # a holding reply, then the answer
    assert any(length < timedelta(hours=9) for length in lengths)
    assert any(length > timedelta(days=3) for length in lengths)
    assert all(length > timedelta(0) for length in lengths)


def test_exactly_one_comment_holds_a_personal_number_and_it_is_a_published_test_number(
    items: list[WorldItem],
) -> None:
    holding = [i for i in items if "19550307-2042" in i.text]
    digits = [word for i in items for word in i.text.replace(",", " ").split() if sum(c.isdigit() for c in word) >= 10]

    assert len(holding) == 1
    assert [w for w in digits if personnummer.is_valid(w)] == ["19550307-2042"]


def test_what_stands_under_something_comes_after_it_and_goes_with_it(items: list[WorldItem]) -> None:
    known = {i.key: i for i in items}
    for item in items:
        for above in (item.parent_id, item.root_id):
            if above is None:
                continue
            parent = known[(item.account, above)]
            assert parent.published_at < item.published_at
            assert parent.deleted_at is None or item.deleted_at == parent.deleted_at


def test_replies_nest_no_deeper_than_their_platform_allows(town: Scenario, items: list[WorldItem]) -> None:
    known = {i.key: i for i in items}
    replies = [i for i in items if i.parent_id and town.world.account(i.account).platform in TWO_LEVELS]

    assert replies
    assert all(known[(i.account, i.parent_id or "")].parent_id is None for i in replies)


def test_own_items_are_by_the_accounts_own_id_and_others_are_not(town: Scenario, items: list[WorldItem]) -> None:
    for item in items:
        native_id = town.world.account(item.account).native_id
        assert item.by_account is (item.author_id == native_id)


def test_quiet_accounts_are_past_both_limits(town: Scenario, items: list[WorldItem]) -> None:
    last = {i.account: i.published_at for i in items if i.kind is Kind.POST}
    ages = {key: (town.start - at).days for key, at in last.items()}

    assert 30 < ages["kultur-ig"] < 180
    assert ages["skola-yt"] > 180
    assert sum(age > 30 for age in ages.values()) == 4  # with one resting and one closed


def test_one_token_runs_out_and_is_mended(town: Scenario) -> None:
    token = town.world.account(EXPIRING).token(TokenKind.PAGE)

    assert token is not None
    assert [token.refusal(town.start + timedelta(days=d)) for d in (8, 10, 12)] == [None, "expired", None]


def test_the_weeks_have_an_outage_a_rate_limit_and_a_malformed_item(town: Scenario) -> None:
    kinds = {f.kind for f in town.faults.all()}

    assert kinds >= {FaultKind.OUTAGE, FaultKind.HTML_502, FaultKind.RATE_LIMIT, FaultKind.MALFORMED_ITEM}
    assert all(f.from_at and f.to_at and town.start <= f.from_at < f.to_at <= town.end for f in town.faults.all())


def test_the_register_file_reads_back_as_the_register(town: Scenario, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(town.register_toml())

    assert parse_register(file, on=MONDAY) == town.register()


def test_the_register_fits_the_world_and_every_account_has_its_credential(town: Scenario) -> None:
    register, credentials = town.register(), town.credentials()
    for key, account in register.accounts.items():
        known = town.world.account(key)
        assert (account.platform, account.native_id) == (known.platform, known.native_id)
        assert account.credential in credentials
        assert any(token.value in credentials[account.credential] for token in known.tokens)


def test_persons_are_invented_have_addresses_that_lead_nowhere_and_one_is_away(town: Scenario) -> None:
    persons = town.register().persons.values()
    managers = {a.manager for a in town.register().accounts.values()}

    assert all("xemp" in p.name or "xamp" in p.name for p in persons)
    assert all(p.mail.endswith("@exempelkommun.example") for p in persons)
    assert {p.language for p in persons} == {"sv", "en"}
    assert [p.key for p in persons if p.is_away(MONDAY)] == ["anna"]
    assert managers == {"karin", "maria", "leila", "siv", "goran"}


def test_the_substitute_reads_while_an_owner_is_away(town: Scenario) -> None:
    register = town.register()
    library = register.accounts["bibliotek-fb"]

    assert [p.key for p in register.readers(library, MONDAY)] == ["bo", "eva"]
    assert [p.key for p in register.readers(library, MONDAY + timedelta(days=12))] == ["anna", "bo"]


@given(st.integers(0, 14 * 24 * 60), st.floats(0.1, 45))
def test_office_hours_end_on_a_working_day_and_never_before_they_began(minutes: int, hours: float) -> None:
    begun = datetime(2026, 11, 9, tzinfo=ZONE) + timedelta(minutes=minutes)
    ended = after_office_hours(begun, hours)

    assert ended >= begun + timedelta(hours=hours)
    assert ended.weekday() < 5
    assert 8 <= ended.hour + ended.minute / 60 <= 17


def test_everything_that_exists_is_read_back_over_the_graph() -> None:
    """Following posts, comments, replies, walls, tags and messages gives each account's items, no more and no fewer."""
    clock = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC))
    town = exempelkommun(MONDAY, clock=clock)
    town.faults.clear()
    with SandboxServer(town.world, town.faults) as server, httpx.Client() as client:
        for voice in VOICES:
            if voice.platform not in ("facebook", "instagram"):
                continue
            reader = _Reader(client, server, town, voice.key)
            expected = {i.id for i in town.world.visible(voice.key)}

            assert sorted(reader.read()) == sorted(expected), voice.key
        assert server.errors == []


class _Reader:
    """Reads an account over the Graph the plain way: an edge at a time, small pages, `next` to the end."""

    def __init__(self, client: httpx.Client, server: SandboxServer, town: Scenario, key: str) -> None:
        self.client = client
        self.account = town.world.account(key)
        self.base = server.base_url(self.account.platform) + "v25.0/"
        self.token = next(t.value for t in self.account.tokens if t.kind is TokenKind.PAGE)

    def read(self) -> list[str]:
        if self.account.platform == "instagram":
            media = self.edge(f"{self.account.native_id}/media") + self.edge(f"{self.account.native_id}/tags")
            comments = [c for m in media for c in self.edge(f"{m}/comments")]
            found = [*media, *comments, *(r for c in comments for r in self.edge(f"{c}/replies"))]
        else:
            posts = self.edge(f"{self.account.native_id}/feed")
            found = [*posts, *(c for p in posts for c in self.edge(f"{p}/comments", filter="stream"))]
        page = self.account.native_id if self.account.platform == "facebook" else self.account.linked_id
        threads = self.edge(f"{page}/conversations", platform=_inbox(self.account.platform))
        return [*found, *(m for t in threads for m in self.edge(f"{t}/messages"))]

    def edge(self, path: str, **params: str) -> list[str]:
        query = {"access_token": self.token, "limit": "7", "fields": "id", **params}
        answer = self.client.get(self.base + path, params=query).raise_for_status().json()
        ids = [row["id"] for row in answer["data"]]
        while address := answer.get("paging", {}).get("next"):
            answer = self.client.get(address).raise_for_status().json()
            ids += [row["id"] for row in answer["data"]]
        return ids


def _inbox(platform: str) -> str:
    return "messenger" if platform == "facebook" else "instagram"
