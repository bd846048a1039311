"""The quota book in use: heard, kept, and planned by; on a fake platform, and on the sandbox over real HTTP."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.services.conftest import Office, account

from watchdaemon.app import App, build
from watchdaemon.demo.life import Life, prepared
from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.domain.item import ItemKind
from watchdaemon.domain.quota import Measure, QuotaPolicy
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.errors import AccountError, Reason, StorageError
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import EstimatesCost, SharesBudget
from watchdaemon.sandbox.faults import Fault, FaultKind
from watchdaemon.sandbox.world import Kind
from watchdaemon.services.quota import FLUSH_AFTER, KEPT, QuotaService
from watchdaemon.settings import load_settings
from watchdaemon.testing.platform import FakePlatform

MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def book(office: Office, **policy: Any) -> QuotaService:
    """A quota book as a fresh process would open it."""
    return QuotaService(
        store=office.store,
        adapters=office.adapter,
        calendar=office.calendar,
        watch=office.watch,
        policy=QuotaPolicy(**policy),
        clock=office.clock,
    )


def answer(
    account_key: str | None = "a", *, used: int = 0, status: int = 200, resets_at: datetime = MIDNIGHT
) -> Exchange:
    """An answer of the fake platform that tells how many of a hundred requests are used."""
    return Exchange(
        platform="fake",
        account=account_key,
        method="GET",
        path="/items",
        status=status,
        seconds=0.1,
        headers={
            "X-RateLimit-Limit": "100",
            "X-RateLimit-Remaining": str(100 - used),
            "X-RateLimit-Reset": resets_at.isoformat(),
        },
    )


def app_usage(percent: int) -> Exchange:
    """An answer that tells how far the whole app's limit is used."""
    return Exchange(
        platform="fake",
        account=None,
        method="GET",
        path="/",
        status=200,
        seconds=0.1,
        headers={"X-App-Usage": f'{{"call_count":{percent}}}'},
    )


def planned(office: Office, service: QuotaService) -> list[str]:
    """Who goes now."""
    return [e.account.key for e in service.plan(office.errands(), office.register, office.clock())]


# ---- hearing and keeping -----------------------------------------------------------------------------------------


def test_what_was_heard_outlives_the_process(office: Office) -> None:
    office.enrol(account("a"), account("b"))
    first = book(office)
    first.hear(answer("a", used=95))
    first.flush()

    assert planned(office, book(office)) == ["b"]


def test_calls_are_kept_without_being_asked_when_there_are_many(office: Office) -> None:
    service = book(office)
    for _ in range(FLUSH_AFTER):
        service.hear(answer())

    (spent,) = office.store.spending(from_on=date(2026, 11, 1))
    assert (spent.account, spent.measure, spent.amount) == ("a", Measure.CALLS, FLUSH_AFTER)


def test_a_database_that_is_away_costs_no_count_and_no_fetch(office: Office) -> None:
    service = book(office)
    with patch.object(office.store, "book_usage", side_effect=StorageError("away")):
        for _ in range(FLUSH_AFTER + 1):
            service.hear(answer())
        service.flush()
    service.hear(answer(used=7))
    service.flush()

    assert [s.amount for s in office.store.spending(from_on=date(2026, 11, 1))] == [FLUSH_AFTER + 2]
    assert [r.percent for r in office.store.usage()] == [7]


def test_old_pages_are_torn_out(office: Office) -> None:
    service = book(office)
    service.hear(answer())
    service.flush()
    office.clock.advance(KEPT + timedelta(days=2))
    service.hear(answer("b"))
    service.flush()

    assert [s.account for s in office.store.spending(from_on=date(2026, 1, 1))] == ["b"]


# ---- planning ----------------------------------------------------------------------------------------------------


def test_where_nothing_is_short_everybody_goes_in_the_order_given(office: Office) -> None:
    office.enrol(account("b"), account("a"))

    assert planned(office, book(office)) == ["a", "b"]
    assert office.store.entries() == []


def test_who_waits_is_on_the_watch_log_with_what_for_and_until_when(office: Office) -> None:
    office.enrol(account("a"), account("b"))
    service = book(office)
    service.hear(answer("a", used=95))

    assert planned(office, service) == ["b"]

    (entry,) = office.store.entries()
    assert (entry.account, entry.coverage, entry.attempts, entry.reason) == ("a", None, 0, Reason.QUOTA)
    assert (entry.retry_at, entry.cause_key) == (MIDNIGHT, "fake:quota:a:requests")
    assert "used to 95 %" in entry.detail


def test_who_waits_is_written_down_once(office: Office) -> None:
    office.enrol(account("a"))
    service = book(office)
    service.hear(answer("a", used=95))
    planned(office, service)

    with patch.object(office.store, "book_postponed") as written:
        office.clock.advance(timedelta(minutes=1))
        assert planned(office, service) == []

    assert written.call_count == 0


def test_who_waited_is_fetched_in_the_same_window_when_there_is_room_again(office: Office) -> None:
    office.enrol(account("a"))
    service = book(office)
    service.hear(answer("a", used=100, resets_at=office.clock() + timedelta(minutes=20)))
    assert planned(office, service) == []

    office.clock.advance(timedelta(minutes=20))
    errands = service.plan(office.errands(), office.register, office.clock())
    office.poller().run(errands, hold=service.hold)

    (entry,) = office.store.entries()
    assert (entry.coverage, entry.attempts, entry.reason, entry.retry_at) == (Coverage.COMPLETE, 1, None, None)


def test_the_morning_leaves_the_afternoon_its_part(office: Office) -> None:
    office.enrol(account("a"))
    service = book(office)
    service.hear(answer("a", used=72))
    morning = planned(office, service)

    office.clock.move_to(datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    afternoon = planned(office, service)

    assert (morning, afternoon) == ([], ["a"])


def test_nobody_waits_in_two_windows_running(office: Office) -> None:
    """With a reserve for Tuesday's windows too, only those that waited in the morning go in the afternoon."""
    office.enrol(account("a"), account("b"))
    service = book(office)
    long_reset = datetime(2026, 11, 24, 18, tzinfo=UTC)
    service.hear(answer("a", used=72, resets_at=long_reset))
    assert planned(office, service) == ["b"]

    office.clock.move_to(datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    service.hear(answer("b", used=72, resets_at=long_reset))

    assert planned(office, service) == ["a"]


def test_open_questions_go_first_and_the_freshest_account_waits(office: Office) -> None:
    office.enrol(account("a"), account("b"), account("c"))
    office.platform.somebody_writes("c", "c1", "När öppnar ni?", office.clock() - timedelta(hours=1))
    office.poll()
    office.judge()
    office.clock.move_to(datetime(2026, 11, 23, 12, 5, tzinfo=UTC))
    service = book(office)
    service.hear(app_usage(80))
    office.clock.advance(timedelta(minutes=6))

    assert planned(office, service) == ["c"]


def test_outside_a_window_no_budget_is_asked(office: Office) -> None:
    office.enrol(account("a"))
    service = book(office)
    service.hear(answer("a", used=100))
    office.clock.move_to(datetime(2026, 11, 23, 20, tzinfo=UTC))

    assert planned(office, service) == ["a"]


# ---- in the middle of a round ------------------------------------------------------------------------------------


class Throttling(FakePlatform):
    """A platform whose every fetch is heard by a quota book, as the road would have it heard."""

    def __init__(self) -> None:
        super().__init__()
        self.tells: Callable[[str], Exchange] = answer
        self.heard_by: QuotaService | None = None

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        """Give everything, and tell of the limit."""
        if self.heard_by is not None:
            self.heard_by.hear(self.tells(accounts[0].key))
        yield from super().fetch(accounts, cursors)


def test_the_first_refusal_of_a_round_stops_those_who_share_the_limit(office: Office) -> None:
    office.platform = platform = Throttling()
    office.enrol(account("a"), account("b"), account("c"))
    platform.heard_by = service = book(office)
    platform.tells = lambda _: app_usage(100)

    errands = service.plan(office.errands(), office.register, office.clock())
    attempts = office.poller(threads=1).run(errands, hold=service.hold)

    assert [a.account for a in attempts] == ["a"]
    waiting = {e.account: (e.reason, e.attempts) for e in office.store.entries() if e.account != "a"}
    assert waiting == {"b": (Reason.QUOTA, 0), "c": (Reason.QUOTA, 0)}


def test_an_account_at_its_own_limit_stops_nobody_else(office: Office) -> None:
    office.platform = platform = Throttling()
    office.enrol(account("a"), account("b"))
    platform.heard_by = service = book(office)
    platform.tells = lambda key: answer(key, used=100)

    errands = service.plan(office.errands(), office.register, office.clock())
    attempts = office.poller(threads=1).run(errands, hold=service.hold)

    assert [a.account for a in attempts] == ["a", "b"]


def test_a_postponement_that_cannot_be_written_is_asked_about_again(office: Office) -> None:
    office.enrol(account("a"))
    service = book(office)
    planned(office, service)
    service.hear(answer("a", used=100))

    with patch.object(office.store, "book_postponed", side_effect=StorageError("away")):
        attempts = office.poller().run(office.errands(), hold=service.hold)

    assert (attempts, office.store.entries()) == ([], [])


# ---- what adapters add -------------------------------------------------------------------------------------------


class Sharing(FakePlatform):
    """A platform that says which accounts share a budget, and what they cost."""

    def budget_of(self, account: Account) -> str:
        """Name the app in the account's extras."""
        if account.key == "broken":
            raise ZeroDivisionError("a fault of the plug-in")
        if account.key == "lost":
            raise AccountError("no credential", platform="fake", reason=Reason.NO_CREDENTIAL)
        return account.extra.get("app", "")

    def expected_cost(self, account: Account) -> Mapping[Measure, float]:
        """Every account costs three calls."""
        return {Measure.CALLS: 3.0}


def test_an_adapter_may_tell_which_accounts_share_a_budget(office: Office) -> None:
    office.platform = Sharing()
    office.enrol(account("a", extra={"app": "1"}), account("b", extra={"app": "1"}), account("c", extra={"app": "2"}))
    service = book(office)
    told = app_usage(95)
    service.hear(Exchange(**{name: getattr(told, name) for name in told.__slots__} | {"account": "a"}))

    assert isinstance(office.platform, SharesBudget)
    assert isinstance(office.platform, EstimatesCost)
    assert planned(office, service) == ["c"]


def test_a_plug_ins_fault_in_what_it_adds_stops_no_round(office: Office) -> None:
    office.platform = Sharing()
    office.enrol(account("a"), account("broken"), account("lost"))

    assert planned(office, book(office)) == ["a", "broken", "lost"]


def test_the_report_shows_calls_and_limits_as_they_stand(office: Office) -> None:
    office.platform = Sharing()
    office.enrol(account("a"))
    service = book(office)
    service.hear(answer("a", used=40))

    lines = {r.budget.name: r for r in service.report(office.register, office.clock())}

    assert (lines["requests"].budget.used, lines["requests"].budget.percent) == (40, 40)
    assert (lines["calls"].used_today, lines["calls"].forecast) == (1, 1 + 3)


# ---- the whole program on the sandbox ----------------------------------------------------------------------------


@contextmanager
def town(folder: Path, platforms: set[str], quota: str = "") -> Iterator[tuple[Life, App, list[Exchange]]]:
    """Exempelkommun on these platforms with nothing broken, and the program with these budgets; gives what it asks."""
    with prepared(folder) as life:
        life.scenario.faults.clear()
        whole = life.app.register()
        kept = {key: a for key, a in whole.accounts.items() if a.platform in platforms}
        life.app.store.apply_changes(replace(whole, accounts=kept), [], by="test", at=life.clock())
        config = folder / "with-budgets.toml"
        config.write_text(life.config.read_text() + f"\n[quota]\n{quota}\n[watch]\nthreads = 1\n")
        road = Road(retries=RetryPolicy(tries=2, base=0.0), sleep=lambda _: None)
        exchanges: list[Exchange] = []
        road.listen(exchanges.append)
        app = build(load_settings(config), clock=life.clock, road=road)
        try:
            yield life, app, exchanges
        finally:
            app.close()
        assert life.sandbox.errors == []


def at(life: Life, app: App, clock: str) -> dict[str, list[WatchEntry]]:
    """Make a pass at that time of Monday 16 November, in UTC; the day's newest entries by platform."""
    life.clock.move_to(datetime.fromisoformat(f"2026-11-16T{clock}+00:00"))
    app.pass_once()
    entries = app.store.entries(from_on=date(2026, 11, 16))
    newest = {e.account: e for e in entries}
    found: dict[str, list[WatchEntry]] = {}
    for key, known in sorted(app.register().accounts.items()):
        if key in newest:
            found.setdefault(known.platform, []).append(newest[key])
    return found


def test_a_spent_project_parks_its_own_channels_after_one_refusal_and_they_come_later(tmp_path: Path) -> None:
    with town(tmp_path, {"youtube", "x"}) as (life, app, _):
        life.sandbox.faults.add(Fault(kind=FaultKind.QUOTA, platform="youtube"))
        first = at(life, app, "07:05")
        assert [(e.attempts, e.reason) for e in first["youtube"]] == [
            (1, Reason.QUOTA),
            *[(0, Reason.QUOTA)] * (len(first["youtube"]) - 1),
        ]
        assert {e.coverage for e in first["x"]} == {Coverage.COMPLETE}

        life.sandbox.faults.clear()
        assert {e.retry_at for e in first["youtube"]} == {datetime(2026, 11, 16, 8, tzinfo=UTC)}  # midnight over there
        early = at(life, app, "07:30")
        assert early["youtube"] == first["youtube"]
        later = at(life, app, "08:01")
        assert {e.coverage for e in later["youtube"]} == {Coverage.COMPLETE}


def test_the_reserve_holds_for_the_second_window_and_nobody_starves(tmp_path: Path) -> None:
    with town(tmp_path, {"youtube"}, "youtube_daily_units = 30") as (life, app, _):
        at(life, app, "06:45")  # before the window: from here on they are under watch
        morning = at(life, app, "08:30")["youtube"]
        waits = {e.account: e for e in morning if e.coverage is None}
        assert any(e.coverage is Coverage.COMPLETE for e in morning)
        assert waits
        assert {(e.reason, e.retry_at) for e in waits.values()} == {
            (Reason.QUOTA, datetime(2026, 11, 16, 12, tzinfo=UTC))
        }
        assert all("kept for the windows to come" in e.detail for e in waits.values())

        afternoon = {e.account: e for e in at(life, app, "12:05")["youtube"]}
        assert {afternoon[key].coverage for key in waits} == {Coverage.COMPLETE}

        entries = app.store.entries(from_on=date(2026, 11, 16), to_on=date(2026, 11, 16))
        gaps = {e.account: e for e in entries if e.window.index == 1 and e.coverage is Coverage.FAILED}
        assert {key: gap.reason for key, gap in gaps.items()} == dict.fromkeys(waits, Reason.QUOTA)
        (alert,) = (a for a in app.store.alerts() if a.reason is Reason.QUOTA)
        assert (set(alert.accounts), alert.detail) == (set(waits), next(iter(waits.values())).detail)


def test_a_throttled_page_parks_only_itself_and_loses_nothing(tmp_path: Path) -> None:
    with town(tmp_path, {"facebook"}) as (life, app, exchanges):
        at(life, app, "07:05")
        page = "gata-fb"
        start, end = datetime(2026, 11, 16, 12, tzinfo=UTC), datetime(2026, 11, 16, 12, 40, tzinfo=UTC)
        life.sandbox.faults.add(
            Fault(kind=FaultKind.RATE_LIMIT, platform="facebook", account=page, from_at=start, to_at=end)
        )

        throttled = {e.account: e for entries in at(life, app, "12:05").values() for e in entries}
        assert throttled[page].reason is Reason.RATE_LIMITED
        assert {e.coverage for key, e in throttled.items() if key != page} == {Coverage.COMPLETE}
        asked = len(exchanges)
        at(life, app, "12:30")
        assert not [e for e in exchanges[asked:] if e.account == page and "debug_token" not in e.path]

        recovered = {e.account: e for entries in at(life, app, "12:50").values() for e in entries}
        assert recovered[page].coverage is Coverage.COMPLETE
        stored = {i.external_id for i in app.store.items(account=page) if i.kind is ItemKind.COMMENT}
        there = {i.id for i in life.scenario.world.visible(page, Kind.COMMENT)}
        assert stored == there != set()


def test_the_months_posts_are_a_budget_and_the_bill_is_told(tmp_path: Path) -> None:
    with town(tmp_path, {"x", "facebook"}, "x_monthly_posts = 10") as (life, app, exchanges):
        at(life, app, "06:45")
        morning = at(life, app, "07:05")
        assert {(e.coverage, e.reason) for e in morning["x"]} == {(None, Reason.QUOTA)}
        assert {e.coverage for e in morning["facebook"]} == {Coverage.COMPLETE}

        # who waited throughout a window goes before any reserve, until the budget comes to its stop
        afternoon = at(life, app, "12:05")
        assert {e.coverage for e in afternoon["x"]} == {Coverage.COMPLETE, None}
        billed = [e for e in exchanges if e.platform == "x" and "users/me" not in e.path]
        lines = {r.budget.name: r for r in app.quota_report() if r.budget.platform == "x"}
        assert lines["posts"].budget.used == sum(
            e.returned.get("data", 0) for e in billed if "dm_events" not in e.path and not e.path.endswith("/2/users")
        )
        assert lines["posts"].budget.used >= 9
        assert lines["posts"].price_usd == Decimal("0.005") * int(lines["posts"].budget.used)
        assert lines["posts"].forecast_usd is not None
        assert lines["posts"].forecast_usd >= lines["posts"].price_usd
