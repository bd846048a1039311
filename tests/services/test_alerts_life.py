"""Alerts over days: who hears what when, once, up the ladder, and that it is over. Costs about six seconds."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from zoneinfo import ZoneInfo

import pytest
from tests.services.conftest import Office, account, register_of

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Person, Register
from watchdaemon.domain.alert import AlertKind, AlertPolicy, Silence
from watchdaemon.domain.delivery import MailKind, MailTrouble
from watchdaemon.domain.fetch import Trouble
from watchdaemon.domain.question import Decision, DecisionKind
from watchdaemon.domain.quota import Budget, BudgetReport, Reach
from watchdaemon.errors import Reason
from watchdaemon.mail.render import MailRenderer
from watchdaemon.rules.schedule import current_window
from watchdaemon.services.alerts import AlertService

DEAD = Trouble(reason=Reason.UNAUTHORISED, detail="revoked", needs_person=True)
ZONE = ZoneInfo("Europe/Stockholm")
K = AlertKind
FAR_AHEAD = datetime(2027, 11, 22, 10, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A local time of November 2026; Monday is the 23rd."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)


@dataclass
class Desk:
    """An office with a communications unit, passes made half-hourly, and the mails that came of them."""

    office: Office
    policy: AlertPolicy = field(default_factory=AlertPolicy)
    budgets: list[BudgetReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.office.enrol(account("a"))
        self.register = self.with_unit(self.office.register)
        self.service = self.restarted()

    def with_unit(self, register: Register) -> Register:
        """Add Kim of the communications unit."""
        kim = Person(key="kim", name="Kim Komm", mail="kim@example.org")
        return replace(register, persons={**register.persons, "kim": kim})

    def restarted(self) -> AlertService:
        """The service as a new process has it."""
        self.service = AlertService(
            store=self.office.store,
            renderer=MailRenderer(organisation="Exempelkommun", sender="vakt@example.org", zone=ZONE),
            calendar=self.office.calendar,
            watch=self.office.watch,
            policy=self.policy,
            communications=("kim",),
            budgets=lambda _register, _now: self.budgets,
        )
        return self.service

    def run(self, now: datetime) -> int:
        """One pass, at any time."""
        if now < self.office.clock():
            self.office.clock = SimulatedClock(now)
        self.office.clock.move_to(now)
        return self.service.run(self.register, now)

    def live(self, until: datetime) -> None:
        """A pass every hour around working time, and a fetch in each window."""
        fetched = None
        while self.office.clock() < until:
            now = min(self.office.clock() + timedelta(hours=1), until)
            self.office.clock.move_to(now)
            window = current_window(now, self.office.calendar, self.office.watch)
            if window is not None and window != fetched:
                self.office.poll()
                fetched = window
            if now == until or 7 <= now.astimezone(ZONE).hour < 18:
                self.run(now)

    def write(self, item: str, text: str, when: datetime) -> None:
        """A citizen writes, and it is fetched and judged."""
        self.office.platform.somebody_writes("a", item, text, when)
        self.office.poll()
        self.office.judge()

    def decide(self, item: str, kind: DecisionKind) -> None:
        """A person says what became of an item."""
        decision = Decision(account="a", external_id=item, kind=kind, by="anna", at=self.office.clock())
        self.office.store.record_decision(decision)
        self.office.judge()

    def mails(self) -> Iterator[tuple[str, str, str]]:
        """Local day and time, person and subject of each alert mail, in order."""
        for one in self.office.store.deliveries():
            if one.mail.key.kind is MailKind.ALERT:
                sent = one.created_at.astimezone(ZONE)
                yield f"{sent:%d %H:%M}", one.mail.key.recipient, one.mail.subject

    def told(self) -> list[tuple[str, str]]:
        """When, and to whom."""
        return [(when, person) for when, person, _ in self.mails()]

    def text(self) -> str:
        """Everything that any mail says."""
        parts = []
        for one in self.office.store.deliveries():
            mail = message_from_bytes(one.mail.message, policy=policy.default)
            parts += [p.get_content() for p in mail.walk() if p.get_content_maintype() == "text"]
        return "\n".join(parts)

    def kinds(self) -> list[AlertKind]:
        """The kinds of the open alerts."""
        return [a.kind for a in self.office.store.alerts(only_open=True)]


@pytest.fixture
def desk(office: Office) -> Desk:
    """A desk, Monday 08:05."""
    return Desk(office)


def test_a_gap_climbs_to_the_manager_and_the_communications_unit_in_working_days(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()

    desk.run(at(23, 8, 5))
    desk.live(at(27, 12))

    firsts: dict[str, str] = {}
    for when, person in desk.told():
        firsts.setdefault(person, when)
    assert firsts == {"anna": "23 08:05", "bo": "23 08:05", "chris": "25 08:05", "kim": "27 08:05"}


def test_who_was_told_is_reminded_ever_more_slowly_and_says_so(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()
    desk.run(at(23, 8, 5))
    desk.live(at(27, 23))

    anna = [(when, subject.split(":")[0]) for when, person, subject in desk.mails() if person == "anna"]
    assert anna == [
        ("23 08:05", "1 konto bevakas inte – Exempelkommun a"),
        ("24 08:05", "Påminnelse"),
        ("25 08:05", "Påminnelse"),
        ("27 08:05", "Påminnelse"),
    ]


def test_that_it_is_over_is_told_to_those_who_were_told_and_to_nobody_else(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()
    desk.run(at(23, 8, 5))
    desk.office.platform.recovers("a")
    desk.office.clock.move_to(at(23, 13, 5))
    desk.office.poll()

    desk.run(at(23, 13, 5))

    over = [person for when, person, subject in desk.mails() if when == "23 13:05"]
    assert over == ["anna", "bo"]
    assert desk.run(at(23, 13, 35)) == 0


def test_an_overdue_question_reaches_the_manager_the_next_morning_once(desk: Desk) -> None:
    desk.write("q1", "När öppnar ni?", at(20, 10))  # Friday: due Monday 17:00
    desk.live(at(24, 12))

    assert list(desk.mails()) == [("24 07:05", "chris", "1 fråga försenad – Exempelkommun a")]
    assert "När öppnar ni?" in desk.text()


def test_overdue_questions_are_one_mail_a_day_however_many_become_late(desk: Desk) -> None:
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.write("q2", "Vad kostar det?", at(23, 7))
    desk.live(at(25, 12))

    days = [when[:2] for when, person in desk.told() if person == "chris"]
    assert days == ["24", "25"]
    told = desk.office.store.alert_tellings(since=at(1, 0))
    assert [sorted(t.items) for t in told] == [["q1", "q2"]]


def test_answered_questions_close_the_alert_and_the_note_waits_for_the_next_morning(desk: Desk) -> None:
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.live(at(24, 9))
    desk.decide("q1", DecisionKind.ANSWERED_ELSEWHERE)
    desk.live(at(25, 12))

    assert desk.kinds() == []
    assert list(desk.mails())[1:] == [("25 07:00", "chris", "Försenade frågor är besvarade – Exempelkommun a")]


def test_a_question_that_was_answered_before_the_morning_is_no_alert_to_anybody(desk: Desk) -> None:
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.live(at(23, 20))
    desk.decide("q1", DecisionKind.ANSWERED_ELSEWHERE)
    desk.live(at(25, 12))

    assert desk.told() == []


@pytest.mark.parametrize(("any_hour", "first"), [(False, "24 07:00"), (True, "23 20:00")])
def test_a_threat_in_the_evening_is_told_first_thing_or_at_once_where_that_is_wished(
    office: Office, any_hour: bool, first: str
) -> None:
    desk = Desk(office, policy=AlertPolicy(secret_at_any_hour=any_hour))
    office.clock.move_to(at(23, 19, 30))
    desk.write("t1", "TA BORT det här", at(23, 19))
    desk.run(at(23, 20))
    desk.live(at(24, 8))

    assert desk.told()[:2] == [(first, "anna"), (first, "bo")]
    assert "TA BORT" not in desk.text()


def test_a_silence_holds_its_tongue_till_it_ends_and_hides_no_gap(desk: Desk) -> None:
    quiet = Silence(by="karin", reason="moving", begins_at=at(23, 8), ends_at=at(25, 9), account="a")
    desk.office.store.begin_silence(quiet)
    desk.office.platform.breaks("a", DEAD)
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.office.poll()
    desk.run(at(23, 8, 5))
    gap_told = desk.told()
    desk.office.platform.recovers("a")
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.live(at(25, 12))

    overdue = [(when, person) for when, person, subject in desk.mails() if "försenad" in subject]
    assert gap_told == [("23 08:05", "anna"), ("23 08:05", "bo")]
    assert overdue == [("25 09:05", "chris")]


def test_somebody_who_comes_back_is_told_of_what_is_still_open(desk: Desk) -> None:
    away = replace(desk.register.persons["bo"], away_until=at(23, 12).date())
    desk.register = replace(desk.register, persons={**desk.register.persons, "bo": away})
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()
    desk.run(at(23, 8, 5))
    desk.live(at(24, 8))

    gaps = [(when, person) for when, person, subject in desk.mails() if "not watched" in subject or "inte" in subject]
    assert gaps == [("23 08:05", "anna"), ("24 07:05", "bo")]


def test_bounced_mail_is_one_alert_to_the_manager_and_explains_the_missing_owner(desk: Desk) -> None:
    trouble = MailTrouble(person="bo", address="bo@example.org", since=at(23, 8), status="5.1.1", detail="no mailbox")
    desk.office.store.book_mail_trouble(trouble)

    desk.run(at(23, 9))
    desk.office.store.clear_mail_trouble("bo")
    desk.run(at(24, 9))

    assert [(person, subject) for _, person, subject in desk.mails()] == [
        ("chris", "Mejl till 1 person kommer inte fram – Exempelkommun a"),
        ("chris", "Mejl kommer fram igen – Exempelkommun a"),
    ]
    assert "Mejl till Bo Exempel kommer i retur." in desk.text()


def test_a_quota_that_runs_out_is_told_to_the_communications_unit_and_stays_until_it_clearly_eases(desk: Desk) -> None:
    def expects(used: float) -> None:
        budget = Budget(
            platform="fake",
            holder="",
            name="day",
            reach=Reach.APP,
            accounts=frozenset({"a"}),
            used=50.0,
            limit=100.0,
            resets_at=at(24, 8),
        )
        desk.budgets[:] = [
            BudgetReport(budget=budget, used_today=None, forecast=used, price_usd=None, forecast_usd=None)
        ]

    seen = []
    for hour, used in ((8, 100.0), (10, 101.0), (12, 95.0), (14, 99.0), (16, 90.0)):
        expects(used)
        desk.run(at(23, hour, 10))
        seen.append(desk.kinds())

    assert seen == [[], [K.QUOTA], [K.QUOTA], [K.QUOTA], []]
    assert desk.told() == [("23 10:10", "kim")]


def test_an_account_without_posts_is_told_to_its_owners_once(desk: Desk) -> None:
    desk.office.store.begin_watch(["a"], at=at(1, 0))
    desk.office.clock.move_to(at(23, 8, 5))
    desk.run(at(23, 8, 5))
    later = datetime(2026, 12, 28, 9, tzinfo=ZONE).astimezone(UTC)
    desk.run(later)
    desk.run(later + timedelta(hours=3))

    assert desk.kinds() == [K.STALE]
    assert [person for _, person, subject in desk.mails() if "utan inlägg" in subject or "posts" in subject] == [
        "anna",
        "bo",
    ]


def test_an_account_that_is_not_watched_any_more_takes_its_alerts_along_without_a_word(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.office.poll()
    desk.run(at(24, 9))
    before = desk.told()

    desk.register = desk.with_unit(register_of(account("b")))
    desk.run(at(24, 10))
    desk.run(at(25, 10))

    assert K.QUESTION_OVERDUE not in desk.kinds()
    assert K.NOT_WATCHED not in desk.kinds()
    assert desk.told() == before


# ---- clocks and restarts -----------------------------------------------------------------------------------------


def test_a_restart_tells_nobody_anything_again(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.write("q1", "När öppnar ni?", at(20, 10))
    desk.office.poll()
    desk.run(at(23, 9))
    desk.run(at(24, 9))
    before = desk.told()

    for minute in range(1, 6):
        desk.restarted()
        desk.run(at(24, 9, minute))

    assert before
    assert desk.told() == before


def test_alerts_of_a_clock_that_was_far_ahead_end_when_it_is_right_again(desk: Desk) -> None:
    desk.office.poll()
    desk.write("q1", "När öppnar ni?", at(23, 8))  # due Tuesday 17:00
    desk.office.clock.move_to(FAR_AHEAD)
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()
    desk.run(FAR_AHEAD)
    ahead = set(desk.kinds())

    desk.office.platform.recovers("a")
    desk.run(at(23, 10))
    desk.live(at(24, 12))

    assert {K.NOT_WATCHED, K.QUESTION_OVERDUE, K.STALE} <= ahead
    assert desk.kinds() == []


def test_what_a_clock_ahead_opened_and_still_holds_ages_from_now_on_and_is_not_told_again(desk: Desk) -> None:
    desk.office.platform.breaks("a", DEAD)
    desk.office.poll()
    desk.office.clock.move_to(FAR_AHEAD)
    desk.office.poll()
    desk.run(FAR_AHEAD)
    before = len(desk.told())
    desk.run(at(23, 10))

    (gap,) = [a for a in desk.office.store.alerts(only_open=True) if a.kind is K.NOT_WATCHED]
    told_now = [person for when, person, subject in desk.mails() if when == "23 10:00" and "inte" in subject]
    desk.live(at(25, 12))
    reminded = [when for when, person, subject in desk.mails() if person == "anna" and "Påminnelse: 1 konto" in subject]

    assert before
    assert gap.opened_at == at(23, 10)
    assert told_now == []
    assert reminded == ["24 10:00", "25 10:00"]


def test_a_pause_of_the_daemon_in_a_window_is_told_to_the_communications_unit_once(desk: Desk) -> None:
    desk.office.poll()
    mails = desk.service.run(desk.register, at(23, 10), pause=(at(23, 8, 30), at(23, 10)))
    again = desk.run(at(23, 10, 1))

    (alert,) = [a for a in desk.office.store.alerts() if a.kind is K.DAEMON_LATE]
    assert (mails, again) == (1, 0)
    assert (alert.detail, alert.closed_at) == ("no pass was made in 90 minutes of a watch window", at(23, 10, 1))
    assert list(desk.mails()) == [("23 10:00", "kim", "Bevakningstjänsten har stått still")]


@pytest.mark.parametrize("pause", [(at(22, 8), at(22, 20)), (at(23, 12), at(23, 13)), (at(23, 9), at(23, 9, 30))])
def test_a_pause_that_costs_no_watching_is_nothing(desk: Desk, pause: tuple[datetime, datetime]) -> None:
    desk.office.poll()

    assert desk.service.run(desk.register, at(23, 14), pause=pause) == 0


def test_a_window_that_runs_out_without_a_try_is_told_and_over_when_it_was_fetched(desk: Desk) -> None:
    desk.office.poll()
    desk.run(at(23, 16, 25))
    early = desk.kinds()
    desk.run(at(23, 16, 35))
    late = desk.kinds()
    desk.office.poll()
    desk.run(at(23, 16, 40))

    assert (early, late, desk.kinds()) == ([], [K.DAEMON_LATE], [])
    assert [person for _, person in desk.told()] == ["anna", "bo", "kim"] * 2
