"""What an alert says, in words: what is wrong, since when, why, what to do, and what is over."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.question import Question
from watchdaemon.errors import Reason
from watchdaemon.mail import _clean
from watchdaemon.mail._alert_words import KIND_WORDS, KindWords
from watchdaemon.mail._common import AccountView, Tone, account_view, accounts_in_subject, person_names, why
from watchdaemon.mail.language import Words, sentence
from watchdaemon.mail.reasons import EXPLANATIONS
from watchdaemon.ports import Links

_ACCESS = frozenset({AlertKind.CREDENTIAL_EXPIRING, AlertKind.CREDENTIAL_DEAD})
_GAPS = frozenset({AlertKind.NOT_WATCHED, AlertKind.PARTLY_WATCHED, AlertKind.DAEMON_LATE})
_BY_ITEMS = frozenset({AlertKind.SECRET, AlertKind.REMOVAL, AlertKind.QUESTION_OVERDUE})

NAMED = 40
"""Accounts and items named one by one; an app-wide stop strikes hundreds."""

_EXCERPT = 160
"""Characters of an overdue question: enough to know it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One item. `text` is "" for whatever may have to be removed."""

    when: str
    text: str
    link: str | None
    page: str | None  # where the reader says what became of it


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One cause. `detail` is the adapter's own sentence, for whoever mends it."""

    title: str
    tone: Tone
    why: str
    when: str
    accounts: tuple[AccountView, ...]
    further: str
    items: tuple[ItemView, ...]
    steps: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """The whole notice in words."""

    headline: str
    intro: str
    subject_accounts: str
    opened: tuple[AlertView, ...]
    closed: tuple[AlertView, ...]
    closing: str


def notice_view(notice: AlertNotice, words: Words, links: Links | None = None) -> NoticeView:
    """Put an alert mail into words."""
    maker = _Maker(notice, words, links)
    told = [*notice.opened, *notice.reminded]
    return NoticeView(
        headline=_headline(notice, words),
        intro=_intro(notice, words),
        subject_accounts=accounts_in_subject(maker.accounts_of(_gravest(told or notice.closed)), words),
        opened=tuple(maker.opened(alert) for alert in _worst_first(told)),
        closed=tuple(maker.closed(alert) for alert in _worst_first(notice.closed)),
        closing=words.say("The gap stays in the watch log.") if {a.kind for a in notice.closed} & _GAPS else "",
    )


def _worst_first(alerts: Sequence[Alert]) -> list[Alert]:
    order = {kind: place for place, kind in enumerate(KIND_WORDS)}
    return sorted(alerts, key=lambda a: order[a.kind])


def _gravest(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts that the headline speaks of: those of the gravest kind, and watch gaps of both kinds."""
    ordered = _worst_first(alerts)
    if not ordered:
        return []
    kinds = _GAPS if ordered[0].kind in _GAPS else {ordered[0].kind}
    return [a for a in alerts if a.kind in kinds]


def _headline(notice: AlertNotice, words: Words) -> str:
    told = [*notice.opened, *notice.reminded]
    if not told:
        return words.say(KIND_WORDS[_worst_first(notice.closed)[0].kind].over)
    gravest = _gravest(told)
    kind = _worst_first(gravest)[0].kind
    headline = KIND_WORDS[kind].headline(words, _number(kind, gravest))
    is_new = any(alert in notice.opened for alert in gravest)
    return headline if is_new else words.say("Reminder: %(headline)s", headline=headline)


def _number(kind: AlertKind, alerts: Sequence[Alert]) -> int:
    if kind in _BY_ITEMS:
        return len({(key, item) for a in alerts for key in a.accounts for item in a.items})
    if kind is AlertKind.MAIL_UNDELIVERABLE:
        return len(alerts)
    return len({key for alert in alerts for key in alert.accounts})


def _intro(notice: AlertNotice, words: Words) -> str:
    told = [*notice.opened, *notice.reminded]
    if told:
        return words.say(KIND_WORDS[_worst_first(told)[0].kind].intro)
    return words.say(KIND_WORDS[_worst_first(notice.closed)[0].kind].intro_over)


class _Maker:
    """Makes the views of one notice's alerts."""

    def __init__(self, notice: AlertNotice, words: Words, links: Links | None) -> None:
        self._notice = notice
        self._words = words
        self._links = links
        self._accounts = {account.key: account for account in notice.accounts}
        self._advised: set[tuple[AlertKind, Reason | None]] = set()

    def accounts_of(self, alerts: Sequence[Alert]) -> list[Account]:
        return [self._accounts[key] for alert in alerts for key in alert.accounts if key in self._accounts]

    def opened(self, alert: Alert) -> AlertView:
        words, kind = self._words, KIND_WORDS[alert.kind]
        since = words.moment(alert.opened_at, self._notice.now)
        is_reminder = alert in self._notice.reminded
        title = words.say(kind.title)
        return AlertView(
            title=words.say("Reminder: %(headline)s", headline=title) if is_reminder else title,
            tone=kind.tone,
            why=self._why(alert, kind),
            when=self._when(alert, since),
            accounts=self._named(alert),
            further=self._further(alert),
            items=self._items(alert),
            steps=self._steps(alert, kind),
            detail="" if alert.kind not in _GAPS | _ACCESS else _clean.line(alert.detail, limit=300),
        )

    def closed(self, alert: Alert) -> AlertView:
        words, kind = self._words, KIND_WORDS[alert.kind]
        began = words.moment(alert.opened_at, self._notice.now)
        ended = words.moment(alert.closed_at or self._notice.now, self._notice.now)
        return AlertView(
            title=words.say("Is over"),
            tone=Tone.GOOD,
            why=words.say(kind.ended)
            if kind.ended
            else words.say("It was: %(reason)s.", reason=why(alert.reason, words)),
            when=words.say("From %(began)s until %(ended)s", began=began, ended=ended),
            accounts=self._named(alert),
            further=self._further(alert),
            items=(),
            steps=(),
            detail="",
        )

    def _why(self, alert: Alert, kind: KindWords) -> str:
        words = self._words
        if alert.kind is AlertKind.CREDENTIAL_EXPIRING:
            ends = words.full_day(words.local_day(alert.ends_at or self._notice.now), with_year=False)
            return words.say("Our access ends on %(when)s. Until then the account is watched as usual.", when=ends)
        if alert.kind is AlertKind.MAIL_UNDELIVERABLE:
            names = person_names([p for key, p in self._notice.persons.items() if key in alert.items])
            return words.say("Mail to %(name)s comes back.", name=", ".join(names) or alert.cause)
        if kind.why:
            return words.say(kind.why)
        return sentence(why(alert.reason, words)) + "."

    def _when(self, alert: Alert, since: str) -> str:
        words = self._words
        if alert.kind is AlertKind.QUESTION_OVERDUE and alert.items:
            return ""  # each question says since when it is overdue; the alert may be older than all of them
        if alert.kind is AlertKind.CREDENTIAL_EXPIRING:
            return words.say("Seen %(when)s", when=since)
        if alert.kind is AlertKind.DAEMON_LATE and not alert.accounts:
            return words.say(
                "From %(began)s until %(ended)s", began=since, ended=words.moment(self._notice.now, self._notice.now)
            )
        return words.say("Since %(when)s", when=since)

    def _steps(self, alert: Alert, kind: KindWords) -> tuple[str, ...]:
        """Return what to do, once for each kind and reason: a manager may read of ten accounts."""
        words = self._words
        if (alert.kind, alert.reason) in self._advised:
            return ()
        self._advised.add((alert.kind, alert.reason))
        explained: tuple[str, ...] = ()
        if alert.reason is not None and not kind.why and alert.kind is not AlertKind.CREDENTIAL_EXPIRING:
            explained = EXPLANATIONS[alert.reason].steps
        return tuple(words.say(step) for step in (*explained, *kind.steps))

    def _items(self, alert: Alert) -> tuple[ItemView, ...]:
        known = self._notice.questions
        found = [known[a, i] for a in alert.accounts for i in alert.items if (a, i) in known]
        found.sort(key=lambda q: (q.verdict.due_at or q.item.published_at, q.item.key))
        return tuple(self._item(alert, question) for question in found[:NAMED])

    def _item(self, alert: Alert, question: Question) -> ItemView:
        words, item, now = self._words, question.item, self._notice.now
        shows_text = alert.kind is AlertKind.QUESTION_OVERDUE and not question.verdict.triage.needs_removal
        due_at = question.verdict.due_at
        when = words.say("Written %(when)s", when=words.moment(item.published_at, now))
        if alert.kind is AlertKind.QUESTION_OVERDUE and due_at is not None:
            when = f"{when}, {words.due(due_at, now)}"
        person = self._notice.recipient.key
        return ItemView(
            when=when,
            text=_clean.isolate(_clean.line(item.text, limit=_EXCERPT)) if shows_text else "",
            link=_clean.link(item.url),
            page=self._links.item(person, item.account, item.external_id, at=now) if self._links else None,
        )

    def _named(self, alert: Alert) -> tuple[AccountView, ...]:
        known = [account_view(self._accounts[key]) for key in alert.accounts if key in self._accounts]
        # an account that was just removed from the register is still named, by its key
        gone = [
            AccountView(name=_clean.name(key), platform="", link=None)
            for key in alert.accounts
            if key not in self._accounts
        ]
        return (*known, *gone)[:NAMED]

    def _further(self, alert: Alert) -> str:
        further = max(len(alert.accounts), len(alert.items) if alert.kind in _BY_ITEMS else 0) - NAMED
        return (
            self._words.count("%(number)d more, in the attached file", "%(number)d more, in the attached file", further)
            if further > 0
            else ""
        )
