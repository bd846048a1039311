"""One invented organisation's digest, weekly report and alerts, as data: for tests and for the pictures in docs/."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from watchdaemon.domain.account import Account, AccountStatus, Audience, Ownership, Person
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.delivery import DeliveryKey, MailKind
from watchdaemon.domain.digest import (
    AccountWatch,
    Activity,
    Digest,
    DigestEntry,
    Section,
    Staleness,
    WeekFigures,
    WeeklyReport,
    WeeklyRow,
)
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.overview import Answers, Breach, MonthlyOverview, OverviewRow
from watchdaemon.domain.question import DecisionKind, Grade, Question, QuestionState, Triage, Verdict
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.errors import Reason
from watchdaemon.mail.render import MailRenderer

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SENDER = "bevakning@exempelkommun.example"
NOW = datetime(2026, 11, 23, 7, 46, tzinfo=UTC)  # a Monday, 08:46 in Stockholm

ANNA = Person(key="anna", name="Anna Åkerlund", mail="anna.akerlund@exempelkommun.example")
BENGT = Person(key="bengt", name="Bengt Öst", mail="bengt.ost@exempelkommun.example")
CHRIS = Person(key="chris", name="Chris Field", mail="chris.field@exempelkommun.example", language="en")


def local(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """Return an instant by its local wall clock in Stockholm, 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=STOCKHOLM).astimezone(UTC)


THIS_MORNING = local(23, 8, 12)
TOMORROW_AT_FIVE = local(24, 17)


def renderer(**changes: str) -> MailRenderer:
    """Make the renderer of Exempelkommun, which serves no links."""
    settings = {"organisation": "Exempelkommun", "sender": SENDER, **changes}
    return MailRenderer(zone=STOCKHOLM, links=None, **settings)


def linking_renderer(organisation: str = "Exempelkommun") -> MailRenderer:
    """Make the renderer of an organisation that serves links."""
    return MailRenderer(zone=STOCKHOLM, organisation=organisation, sender=SENDER, links=SampleLinks())


def account(
    key: str = "library-fb", name: str = "Stadsbiblioteket", platform: str = "facebook", **rest: object
) -> Account:
    """Make an account owned by Anna and Bengt."""
    values: dict[str, object] = {
        "key": key,
        "platform": platform,
        "native_id": f"id-{key}",
        "name": name,
        "link": f"https://{platform}.example.org/{key}",
        "unit": "culture",
        "manager": "bengt",
        "owners": (Ownership(person="anna"), Ownership(person="bengt")),
        **rest,
    }
    return Account(**values)  # type: ignore[arg-type]  # checked by the dataclass's own users


LIBRARY = account()
POOL = account("pool-ig", "Simhallen Exempelbadet", "instagram")
STREETS = account("streets-x", "Gator och parker", "x")


def entry(
    section: Section = Section.NEW,
    *,
    text: str | None = "Har biblioteket öppet på lördag?",
    of: Account = LIBRARY,
    author: str | None = "Maja Testsson",
    url: str | None = "https://facebook.example.org/p/1",
    due_at: datetime | None = TOMORROW_AT_FIVE,
    published_at: datetime = THIS_MORNING,
    kind: ItemKind = ItemKind.COMMENT,
    is_news: bool = True,
    is_secret: bool = False,
    removal_reason: str = "",
    edited_at: datetime | None = None,
    external_id: str = "1",
    finish_due_at: datetime | None = None,
    unregistered_reply: str | None = None,
) -> DigestEntry:
    """Make a digest entry about one item."""
    item = Item(
        account=of.key,
        platform=of.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=kind,
        published_at=published_at,
        author=author,
        author_id="9",
        text=text or "",
        url=url,
        edited_at=edited_at,
    )
    triage = Triage(grade=Grade.YES, reason="a question mark", is_secret=is_secret, removal_reason=removal_reason)
    verdict = Verdict(
        account=of.key,
        external_id=external_id,
        triage=triage,
        state=QuestionState.OPEN,
        reason="open",
        due_at=due_at,
        finish_due_at=finish_due_at,
        unregistered_reply=unregistered_reply,
    )
    question = Question(item=item, verdict=verdict, first_seen_at=published_at)
    return DigestEntry(section=section, question=question, account=of, shown_text=text, is_news=is_news)


def window(day: int = 23, index: int = 1) -> Window:
    """Make one of the two windows of a day of November 2026."""
    opens, closes = ((8, 12), (13, 17))[index - 1]
    return Window(on=date(2026, 11, day), index=index, opens_at=local(day, opens), closes_at=local(day, closes))


def watch(of: Account = LIBRARY, state: WatchState = WatchState.WATCHED, reason: Reason | None = None) -> AccountWatch:
    """Make a line of how watching stands; Anna and Bengt read every account's digest."""
    return AccountWatch(account=of, state=state, reason=reason, readers=(ANNA, BENGT))


def digest(
    entries: Iterable[DigestEntry] = (), watched: Iterable[AccountWatch] = (), recipient: Person = ANNA
) -> Digest:
    """Make a digest for one window."""
    return Digest(recipient=recipient, window=window(), now=NOW, entries=tuple(entries), watched=tuple(watched))


def full_digest(recipient: Person = ANNA) -> Digest:
    """Make a digest with every section and every state of watching."""
    return digest(
        [
            entry(
                Section.OVERDUE,
                text="Jag har försökt låna om mina böcker i appen hela veckan men får bara fel.\n\n"
                "Vad ska jag göra? Kan jag få förseningsavgift nu?",
                published_at=local(19, 16, 40),
                due_at=local(20, 17),
                is_news=True,
                unregistered_reply="9001",
                external_id="o1",
            ),
            entry(
                Section.DUE_TODAY,
                text="Hör bassängen till er? Det står att den är öppen men dörren är låst 😕",
                of=POOL,
                author=None,
                published_at=local(20, 18, 5),
                due_at=local(23, 17),
                url="https://instagram.example.org/c/2",
                is_news=False,
                external_id="d1",
            ),
            entry(of=LIBRARY, external_id="n1"),
            entry(
                of=STREETS,
                kind=ItemKind.MENTION,
                author="@gatans_vän",
                text="@gatorochparker när sandas gång- och cykelvägen vid Provgatan? Är spegelblankt där.",
                url="https://x.example.org/s/3",
                published_at=local(22, 21, 30),
                external_id="n2",
            ),
            entry(
                Section.TO_FINISH,
                of=STREETS,
                text="Blir det någon lekplats vid Provparken, och i så fall när?",
                author="Noor Exempel",
                published_at=local(18, 12, 15),
                due_at=local(19, 17),
                finish_due_at=local(25, 17),
                is_news=False,
                url="https://x.example.org/s/4",
                external_id="f1",
            ),
            entry(
                Section.REMOVE, text=None, due_at=None, is_secret=True, published_at=local(23, 7, 55), external_id="r1"
            ),
            entry(
                Section.REMOVE,
                text="Tjäna 9 000 kr om dagen hemifrån!!! Klicka på länken i min profil",
                author="Snabba Pengar",
                due_at=None,
                removal_reason="spam link",
                published_at=local(23, 3, 2),
                external_id="r2",
            ),
            entry(
                Section.MAYBE,
                text="Undrar om ni ens läser det här",
                author="Lo Provgren",
                published_at=local(22, 19, 4),
                external_id="m1",
            ),
        ],
        [
            watch(POOL, WatchState.NOT_WATCHED, Reason.UNAUTHORISED),
            watch(STREETS, WatchState.PARTLY, Reason.RATE_LIMITED),
            watch(LIBRARY),
        ],
        recipient,
    )


def row(of: Account = LIBRARY, **changes: object) -> WeeklyRow:
    """Make a weekly row where all is well, but for the changes."""
    values: dict[str, object] = {
        "account": of,
        "staleness": Staleness(
            activity=Activity.ACTIVE, days=3, last_activity_at=local(20, 10), reason="posted 3 days ago"
        ),
        "windows_owed": 10,
        "windows_watched": 10,
        "windows_partly": 0,
        "open_questions": 0,
        "overdue_questions": 0,
        "answered_in_time": 6,
        "answered_late": 0,
        "owners": (ANNA, BENGT),
        "too_few_owners": False,
        **changes,
    }
    return WeeklyRow(**values)  # type: ignore[arg-type]  # checked by the dataclass's own users


def week(monday: date, minutes: int | None, answered: int, asked: int, own_posts: int) -> WeekFigures:
    """Make one week of the chart."""
    return WeekFigures(from_on=monday, asked=asked, answered=answered, median_minutes=minutes, own_posts=own_posts)


SIX_WEEKS = (
    week(date(2026, 10, 12), 310, 9, 11, 14),
    week(date(2026, 10, 19), 640, 7, 12, 11),
    week(date(2026, 10, 26), 275, 12, 12, 15),
    week(date(2026, 11, 2), None, 0, 0, 2),
    week(date(2026, 11, 9), 190, 10, 9, 12),
    week(date(2026, 11, 16), 145, 13, 15, 16),
)


def report(rows: Iterable[WeeklyRow], recipient: Person = BENGT, history: tuple[WeekFigures, ...] = ()) -> WeeklyReport:
    """Make a report of week 47."""
    return WeeklyReport(
        recipient=recipient,
        from_on=date(2026, 11, 16),
        to_on=date(2026, 11, 22),
        now=datetime.combine(date(2026, 11, 23), time(7, 30), STOCKHOLM).astimezone(UTC),
        rows=tuple(rows),
        history=history,
    )


def missed(day: int, index: int, reason: Reason, coverage: Coverage = Coverage.FAILED) -> WatchEntry:
    """Make a window that was not fully watched."""
    return WatchEntry(account="pool-ig", window=window(day, index), coverage=coverage, attempts=3, reason=reason)


def full_report(recipient: Person = BENGT) -> WeeklyReport:
    """Make a report with all kinds of trouble, worst first."""
    return report(
        [
            row(
                POOL,
                windows_watched=6,
                windows_partly=1,
                open_questions=3,
                overdue_questions=2,
                answered_in_time=4,
                answered_late=1,
                median_minutes=221,
                own_posts=6,
                missed=(
                    missed(18, 2, Reason.OUTAGE, Coverage.PARTIAL),
                    missed(19, 2, Reason.UNAUTHORISED),
                    missed(20, 1, Reason.UNAUTHORISED),
                    missed(20, 2, Reason.UNAUTHORISED),
                ),
            ),
            row(
                STREETS,
                staleness=Staleness(
                    activity=Activity.CLOSE,
                    days=190,
                    last_activity_at=NOW - timedelta(days=190),
                    reason="no own post for 190 days",
                ),
                owners=(ANNA,),
                too_few_owners=True,
                answered_in_time=0,
            ),
            row(
                account("arena-fb", "Exempelarenan", status=AccountStatus.RESTING, resting_until=date(2027, 1, 10)),
                staleness=Staleness(
                    activity=Activity.RESTING, days=61, last_activity_at=local(23, 9, month=9), reason="resting"
                ),
                answered_in_time=0,
            ),
            row(LIBRARY, median_minutes=95, own_posts=10),
        ],
        recipient,
        SIX_WEEKS,
    )


def month_row(of: Account = LIBRARY, *breaches: Breach, **changes: object) -> OverviewRow:
    """Make an account's month where all is well, but for the breaches and changes."""
    values: dict[str, object] = {
        "account": of,
        "unit": "Kultur och fritid",
        "manager": BENGT,
        "owners": (ANNA, BENGT),
        "windows_owed": 42,
        "windows_watched": 42,
        "windows_partly": 0,
        "answers": Answers(due=12, in_time=12, given=13, median_minutes=95),
        "open_questions": 0,
        "overdue_questions": 0,
        "own_posts": 14,
        "staleness": Staleness(
            activity=Activity.ACTIVE, days=3, last_activity_at=local(20, 10), reason="posted 3 days ago"
        ),
        "breaches": breaches,
        **changes,
    }
    return OverviewRow(**values)  # type: ignore[arg-type]  # checked by the dataclass's own users


def overview(rows: Iterable[OverviewRow], recipient: Person = CHRIS, answers: Answers | None = None) -> MonthlyOverview:
    """Make the overview of November 2026."""
    return MonthlyOverview(
        recipient=recipient,
        from_on=date(2026, 11, 1),
        to_on=date(2026, 11, 30),
        now=local(1, 7, 30, month=12),
        rows=tuple(rows),
        answers=answers or Answers(due=47, in_time=41, late=4, given=45, median_minutes=130),
    )


def full_overview(recipient: Person = CHRIS) -> MonthlyOverview:
    """Make an overview with all kinds of trouble, worst first."""
    stale = Staleness(activity=Activity.CLOSE, days=190, last_activity_at=NOW - timedelta(days=190), reason="stale")
    none = Answers()
    return overview(
        [
            month_row(
                POOL,
                Breach.OVERDUE,
                Breach.CREDENTIAL,
                Breach.NOT_WATCHED,
                Breach.ANSWERED_LATE,
                windows_watched=33,
                windows_partly=2,
                answers=Answers(due=20, in_time=14, late=4, given=18, median_minutes=388),
                open_questions=3,
                overdue_questions=2,
                credential_reason=Reason.UNAUTHORISED,
            ),
            month_row(
                account("museum-yt", "Exempelmuseet", "youtube"),
                Breach.CREDENTIAL,
                credential_ends_at=local(9, 12, month=12),
                answers=none,
            ),
            month_row(
                account("planering-ig", "Översiktsplanen", "instagram", status=AccountStatus.APPLIED, purpose=""),
                Breach.NOT_APPROVED,
                Breach.TOO_FEW_OWNERS,
                Breach.NO_PURPOSE,
                owners=(ANNA,),
                windows_owed=0,
                windows_watched=0,
                answers=none,
            ),
            month_row(
                STREETS, Breach.TO_CLOSE, Breach.TOO_FEW_OWNERS, staleness=stale, owners=(), answers=none, own_posts=0
            ),
            month_row(LIBRARY),
            month_row(
                account(
                    "klass-fb",
                    "Klass 6B, Provskolan",
                    audience=Audience.EXEMPT,
                    audience_reason="bara för elever och vårdnadshavare",
                ),
                answers=none,
            ),
            month_row(
                account("arena-fb", "Exempelarenan", status=AccountStatus.RESTING, resting_until=date(2027, 1, 10)),
                answers=Answers(due=3, in_time=3, given=3, median_minutes=61),
            ),
        ],
        recipient,
    )


class SampleLinks:
    """The port `Links` with addresses as long as real ones."""

    def word(self, person: str, account: str, external_id: str, kind: DecisionKind, *, at: datetime) -> str:
        """Return a link that says a word."""
        return self._made(f"w/{person}/{account}/{external_id}/{kind.value}")

    def seen_all(self, person: str, window: Window, *, at: datetime) -> str:
        """Return a link that says that all was seen."""
        return self._made(f"s/{person}/{window.key}")

    def item(self, person: str, account: str, external_id: str, *, at: datetime) -> str:
        """Return a link to an item's page."""
        return self._made(f"i/{person}/{account}/{external_id}")

    def _made(self, what: str) -> str:
        return f"https://bevakning.exempelkommun.example/{hashlib.sha256(what.encode()).hexdigest()}"


def notice(opened: Iterable[Alert] = (), closed: Iterable[Alert] = (), recipient: Person = ANNA) -> AlertNotice:
    """Make a notice about accounts of Exempelkommun."""
    return AlertNotice(
        recipient=recipient, now=NOW, opened=tuple(opened), closed=tuple(closed), accounts=(LIBRARY, POOL, STREETS)
    )


def alert(
    reason: Reason = Reason.UNAUTHORISED,
    accounts: tuple[str, ...] = ("pool-ig",),
    kind: AlertKind = AlertKind.NOT_WATCHED,
    closed_at: datetime | None = None,
    detail: str = "",
) -> Alert:
    """Make an alert that opened on Friday at 15:10."""
    return Alert(
        kind=kind,
        cause="app:meta",
        accounts=accounts,
        reason=reason,
        detail=detail,
        opened_at=local(20, 15, 10),
        closed_at=closed_at,
    )


def full_notice(recipient: Person = ANNA) -> AlertNotice:
    """Make a notice with something new and something that is over."""
    return notice(
        [alert(accounts=("pool-ig", "library-fb"), detail="Graph error 190, subcode 463: session has expired")],
        [alert(Reason.OUTAGE, ("streets-x",), closed_at=local(23, 8, 31))],
        recipient,
    )


def key(kind: MailKind = MailKind.DIGEST, recipient: str = "anna", period: str = "2026-11-23/1") -> DeliveryKey:
    """Make a delivery's key."""
    return DeliveryKey(kind=kind, recipient=recipient, period=period)
