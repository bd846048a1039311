"""What an alert says, in words: what is not watched, since when, why, what to do, and what is over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.mail import _clean
from watchdaemon.mail._common import AccountView, Tone, account_view, accounts_in_subject, why
from watchdaemon.mail.language import Words, sentence
from watchdaemon.mail.reasons import EXPLANATIONS

_ACCESS = frozenset({AlertKind.CREDENTIAL_EXPIRING, AlertKind.CREDENTIAL_DEAD})

_ACCOUNTS_NAMED = 40
"""Accounts named one by one; an app-wide stop strikes hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One cause. `detail` is the adapter's own sentence, for whoever mends it."""

    title: str
    tone: Tone
    why: str
    when: str
    accounts: tuple[AccountView, ...]
    further: str
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


def notice_view(notice: AlertNotice, words: Words) -> NoticeView:
    """Put an alert mail into words."""
    accounts = {account.key: account for account in notice.accounts}
    told = notice.opened or notice.closed
    named = [accounts[key] for alert in told for key in alert.accounts if key in accounts]
    return NoticeView(
        headline=_headline(notice, words),
        intro=_intro(notice, words),
        subject_accounts=accounts_in_subject(named, words),
        opened=tuple(_opened(alert, accounts, notice, words) for alert in notice.opened),
        closed=tuple(_closed(alert, accounts, notice, words) for alert in notice.closed),
        closing=""
        if all(alert.kind in _ACCESS for alert in notice.closed)
        else words.say("The gap stays in the watch log."),
    )


def _headline(notice: AlertNotice, words: Words) -> str:
    if not notice.opened:
        is_access = all(alert.kind in _ACCESS for alert in notice.closed)
        return words.say("Access renewed") if is_access else words.say("Watched again")
    kinds = {alert.kind for alert in notice.opened}
    if kinds & {AlertKind.NOT_WATCHED, AlertKind.PARTLY_WATCHED}:
        struck = _struck(notice, {AlertKind.NOT_WATCHED, AlertKind.PARTLY_WATCHED})
        if AlertKind.NOT_WATCHED in kinds:
            return words.count("%(number)d account not watched", "%(number)d accounts not watched", struck)
        return words.count("%(number)d account only partly watched", "%(number)d accounts only partly watched", struck)
    if AlertKind.CREDENTIAL_DEAD in kinds:
        struck = _struck(notice, {AlertKind.CREDENTIAL_DEAD})
        return words.count("Access to %(number)d account has ended", "Access to %(number)d accounts has ended", struck)
    struck = _struck(notice, kinds)
    return words.count("Access to %(number)d account ends soon", "Access to %(number)d accounts ends soon", struck)


def _struck(notice: AlertNotice, kinds: Collection[AlertKind]) -> int:
    return len({key for alert in notice.opened if alert.kind in kinds for key in alert.accounts})


def _intro(notice: AlertNotice, words: Words) -> str:
    is_access = all(alert.kind in _ACCESS for alert in notice.opened or notice.closed)
    if notice.opened and is_access:
        return words.say("our access to accounts that you answer for must be renewed, or they cannot be watched.")
    if notice.opened:
        return words.say(
            "something keeps accounts that you answer for from being watched. What is written there meanwhile may go "
            "unseen."
        )
    if is_access:
        return words.say("our access to accounts that you answer for is in order again.")
    return words.say("what kept accounts that you answer for from being watched is over.")


def _opened(alert: Alert, accounts: Mapping[str, Account], notice: AlertNotice, words: Words) -> AlertView:
    if alert.kind is AlertKind.CREDENTIAL_EXPIRING:
        return _expiring(alert, accounts, notice, words)
    is_dead = alert.kind is AlertKind.CREDENTIAL_DEAD
    is_partly = alert.kind is AlertKind.PARTLY_WATCHED
    by_hand = words.say("Until it is over: look at the account yourself, at least twice each working day.")
    return AlertView(
        title=words.say("Access has ended")
        if is_dead
        else words.say("Only partly watched")
        if is_partly
        else words.say("Not watched"),
        tone=Tone.WARN if is_partly else Tone.BAD,
        why=sentence(why(alert.reason, words)) + ".",
        when=words.say("Since %(when)s", when=words.moment(alert.opened_at, notice.now)),
        accounts=_accounts(alert, accounts)[:_ACCOUNTS_NAMED],
        further=_further(alert, words),
        steps=(*_steps(alert, words), by_hand),
        detail=_clean.line(alert.detail, limit=300),
    )


def _expiring(alert: Alert, accounts: Mapping[str, Account], notice: AlertNotice, words: Words) -> AlertView:
    ends = words.full_day(words.local_day(alert.ends_at or notice.now), with_year=False)
    return AlertView(
        title=words.say("Access ends soon"),
        tone=Tone.WARN,
        why=words.say("Our access ends on %(when)s. Until then the account is watched as usual.", when=ends),
        when=words.say("Seen %(when)s", when=words.moment(alert.opened_at, notice.now)),
        accounts=_accounts(alert, accounts)[:_ACCOUNTS_NAMED],
        further=_further(alert, words),
        steps=(
            words.say(
                "Ask somebody who administers the account on the platform to approve the access again before then."
            ),
            words.say("Those who run the watching service begin it with the command watchdaemon auth."),
        ),
        detail="",
    )


def _closed(alert: Alert, accounts: Mapping[str, Account], notice: AlertNotice, words: Words) -> AlertView:
    began = words.moment(alert.opened_at, notice.now)
    ended = words.moment(alert.closed_at or notice.now, notice.now)
    return AlertView(
        title=words.say("Is over"),
        tone=Tone.GOOD,
        why=words.say("The access is renewed.")
        if alert.kind is AlertKind.CREDENTIAL_EXPIRING
        else words.say("It was: %(reason)s.", reason=why(alert.reason, words)),
        when=words.say("From %(began)s until %(ended)s", began=began, ended=ended),
        accounts=_accounts(alert, accounts)[:_ACCOUNTS_NAMED],
        further=_further(alert, words),
        steps=(),
        detail="",
    )


def _accounts(alert: Alert, accounts: Mapping[str, Account]) -> tuple[AccountView, ...]:
    known = [account_view(accounts[key]) for key in alert.accounts if key in accounts]
    # an account that was just removed from the register is still named, by its key
    gone = [AccountView(name=_clean.name(key), platform="", link=None) for key in alert.accounts if key not in accounts]
    return (*known, *gone)


def _further(alert: Alert, words: Words) -> str:
    further = len(alert.accounts) - _ACCOUNTS_NAMED
    return words.count("%(number)d more", "%(number)d more", further) if further > 0 else ""


def _steps(alert: Alert, words: Words) -> tuple[str, ...]:
    return tuple(words.say(step) for step in EXPLANATIONS[alert.reason].steps) if alert.reason is not None else ()
