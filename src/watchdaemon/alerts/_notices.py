"""Who is told of what, now: every open alert and everybody on its ladder are put to `decide`; one mail a person."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from watchdaemon.alerts._conditions import ITEM_KINDS, explained_by
from watchdaemon.alerts._decide import Case, Decision, Manner, decide, manner_of
from watchdaemon.alerts._people import GRAVE, Staff, ladder
from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice, AlertPolicy, AlertTelling, Silence, Telling
from watchdaemon.domain.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The facts of one round of telling."""

    now: datetime
    staff: Staff
    policy: AlertPolicy
    working_days: Callable[[datetime, datetime], float]  # between two instants, counted in office hours
    is_mail_time: bool
    silences: Sequence[Silence] = ()
    had_daily_mail: frozenset[str] = frozenset()  # persons who had a mail of manner DAILY today
    tellings: Mapping[int, Mapping[str, AlertTelling]] = field(default_factory=dict)  # by alert's id and person

    def told(self, alert: Alert) -> Mapping[str, AlertTelling]:
        """Return who was told of the alert."""
        return self.tellings.get(alert.id, {}) if alert.id is not None else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """That a person is told of an alert now. `alert` holds only what concerns this person, and this time."""

    person: str
    telling: Telling
    alert: Alert
    after: AlertTelling  # what to keep of it; its alert is 0 while the alert has no number


def tell(
    is_open: Sequence[Alert], closed: Sequence[Alert], left: Sequence[Alert], facts: Round
) -> tuple[list[Said], dict[tuple[str, str, str], Decision]]:
    """Return what is to be said now, and every decision with its reason, by kind, cause and person.

    Args:
        is_open: The alerts that are open now, the new ones (without a number) among them.
        closed: Alerts that are over and not told as such to everybody yet.
        left: Pieces of open alerts: accounts that are well again.
        facts: The rest.
    """
    said: list[Said] = []
    why: dict[tuple[str, str, str], Decision] = {}
    for alert in is_open:
        explained = explained_by(alert, is_open)
        for person, turns in ladder(alert, facts.staff, facts.policy).items():
            decision, one = _of_open(alert, person, turns, explained, facts)
            why[alert.kind, alert.cause, person] = decision
            said += [one] if one else []
    for alert in (*closed, *left):
        for person, telling in facts.told(alert).items():
            decision, one = _of_over(alert, telling, facts, is_whole=alert in closed)
            why.setdefault((alert.kind, alert.cause, person), decision)
            said += [one] if one else []
    # Where accounts came and others went in one round, what is open is what is kept.
    still = {_of_whom(s): s.after for s in said if s.telling is not Telling.OVER}
    return [replace(s, after=still.get(_of_whom(s), s.after)) for s in said], why


def _of_whom(said: Said) -> tuple[int | None, AlertKind, str, str]:
    """Return alert and person; one that is new in this round has no number yet, and is known by its cause."""
    return (said.alert.id, said.alert.kind, said.alert.cause, said.person)


def notices(
    said: Sequence[Said], register: Register, now: datetime, questions: Mapping[tuple[str, str], Question]
) -> list[AlertNotice]:
    """Return one notice a person, by the person's key.

    Args:
        said: What is to be said.
        register: Names persons and accounts.
        now: Aware UTC.
        questions: By item key, at least those that the alerts name.
    """
    posts: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        posts[one.person].append(one)
    return [_notice(register.persons[person], post, register, now, questions) for person, post in sorted(posts.items())]


def manner_of_alert(alert: Alert) -> Manner:
    """Return how much of a hurry there is."""
    return manner_of(alert.kind, is_grave=_is_grave(alert))


def _of_open(
    alert: Alert, person: str, turns: Mapping[str, float], explained: AlertKind | None, facts: Round
) -> tuple[Decision, Said | None]:
    age = facts.working_days(alert.opened_at, facts.now)
    due = tuple(key for key in alert.accounts if key in turns and turns[key] <= age)
    before = facts.told(alert).get(person)
    is_told = before is not None and before.over_at is None
    known = set(before.accounts) if before and is_told else set()
    known_items = set(before.items) if before and is_told else set()
    more = tuple(k for k in due if k not in known)
    more_items = tuple(i for i in alert.items if i not in known_items) if alert.kind in ITEM_KINDS else ()
    case = Case(
        kind=alert.kind,
        is_grave=_is_grave(alert),
        age=age,
        turn_after=min(turns.values()),
        told=before.times if before and is_told else 0,
        since_first=facts.working_days(before.first_at, facts.now) if before and is_told else 0.0,
        news=len(more) + len(more_items),
        is_silenced=any(s.covers(alert, facts.now) for s in facts.silences),
        explained_by=explained,
        is_mail_time=facts.is_mail_time,
        had_daily_mail=person in facts.had_daily_mail,
    )
    decision = decide(case, facts.policy)
    if decision.telling is None:
        return decision, None
    if decision.telling is Telling.MORE:
        shown = replace(alert, accounts=more or due, items=more_items)
    else:
        shown = replace(alert, accounts=due)
    after = AlertTelling(
        alert=alert.id or 0,
        person=person,
        accounts=due,
        items=alert.items,
        first_at=before.first_at if before and is_told else facts.now,
        last_at=facts.now,
        times=case.told + 1,
    )
    return decision, Said(person=person, telling=decision.telling, alert=shown, after=after)


def _of_over(alert: Alert, telling: AlertTelling, facts: Round, *, is_whole: bool) -> tuple[Decision, Said | None]:
    accounts = tuple(key for key in alert.accounts if key in telling.accounts)
    is_known = telling.over_at is None and (bool(accounts) or not alert.accounts)
    case = Case(
        kind=alert.kind,
        is_grave=_is_grave(alert),
        is_over=True,
        told=telling.times if is_known and telling.person in facts.staff.register.persons else 0,
        is_mail_time=facts.is_mail_time,
        had_daily_mail=telling.person in facts.had_daily_mail,
    )
    decision = decide(case, facts.policy)
    if decision.telling is None:
        return decision, None
    staying = () if is_whole else tuple(key for key in telling.accounts if key not in accounts)
    after = replace(telling, accounts=staying, over_at=None if staying else facts.now)
    shown = replace(alert, accounts=accounts)
    return decision, Said(person=telling.person, telling=Telling.OVER, alert=shown, after=after)


def _is_grave(alert: Alert) -> bool:
    return alert.kind is AlertKind.REMOVAL and alert.cause.endswith(GRAVE)


def _notice(
    person: Person,
    said: Sequence[Said],
    register: Register,
    now: datetime,
    questions: Mapping[tuple[str, str], Question],
) -> AlertNotice:
    def of(*tellings: Telling) -> tuple[Alert, ...]:
        return tuple(s.alert for s in said if s.telling in tellings)

    items = {(account, item) for s in said for account in s.alert.accounts for item in s.alert.items}
    named = {item.rpartition(":")[2] for s in said for item in s.alert.items}
    return AlertNotice(
        recipient=person,
        now=now,
        opened=of(Telling.OPENED, Telling.MORE),
        reminded=of(Telling.REMINDER),
        closed=of(Telling.OVER),
        accounts=_named(register, [s.alert for s in said]),
        questions={key: questions[key] for key in sorted(items) if key in questions},
        persons={key: register.persons[key] for key in sorted(named) if key in register.persons},
    )


def _named(register: Register, alerts: Sequence[Alert]) -> tuple[Account, ...]:
    keys = dict.fromkeys(key for alert in alerts for key in alert.accounts)
    return tuple(register.accounts[key] for key in keys if key in register.accounts)
