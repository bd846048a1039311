"""What an alert says, in words: what is not watched, since when, why, what to do, and what is over."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchdaemon.domain.account import Account
from watchdaemon.domain.digest import Alert, AlertKind, AlertNotice
from watchdaemon.mail import _clean
from watchdaemon.mail._common import AccountView, Tone, account_view, accounts_in_subject, why
from watchdaemon.mail.language import Words, sentence
from watchdaemon.mail.reasons import EXPLANATIONS

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
    subject_accounts: str
    opened: tuple[AlertView, ...]
    closed: tuple[AlertView, ...]


def notice_view(notice: AlertNotice, words: Words) -> NoticeView:
    """Put an alert mail into words."""
    accounts = {account.key: account for account in notice.accounts}
    told = notice.opened or notice.closed
    named = [accounts[key] for alert in told for key in alert.accounts if key in accounts]
    return NoticeView(
        headline=_headline(notice, words),
        subject_accounts=accounts_in_subject(named, words),
        opened=tuple(_opened(alert, accounts, notice, words) for alert in notice.opened),
        closed=tuple(_closed(alert, accounts, notice, words) for alert in notice.closed),
    )


def _headline(notice: AlertNotice, words: Words) -> str:
    if not notice.opened:
        return words.say("Watched again")
    struck = {key for alert in notice.opened for key in alert.accounts}
    if all(alert.kind is AlertKind.PARTLY_WATCHED for alert in notice.opened):
        return words.count(
            "%(number)d account only partly watched", "%(number)d accounts only partly watched", len(struck)
        )
    return words.count("%(number)d account not watched", "%(number)d accounts not watched", len(struck))


def _opened(alert: Alert, accounts: Mapping[str, Account], notice: AlertNotice, words: Words) -> AlertView:
    is_partly = alert.kind is AlertKind.PARTLY_WATCHED
    by_hand = words.say("Until it is over: look at the account yourself, at least twice each working day.")
    return AlertView(
        title=words.say("Only partly watched") if is_partly else words.say("Not watched"),
        tone=Tone.WARN if is_partly else Tone.BAD,
        why=sentence(why(alert.reason, words)) + ".",
        when=words.say("Since %(when)s", when=words.moment(alert.opened_at, notice.now)),
        accounts=_accounts(alert, accounts)[:_ACCOUNTS_NAMED],
        further=_further(alert, words),
        steps=(*(words.say(step) for step in EXPLANATIONS[alert.reason].steps), by_hand),
        detail=_clean.line(alert.detail, limit=300),
    )


def _closed(alert: Alert, accounts: Mapping[str, Account], notice: AlertNotice, words: Words) -> AlertView:
    began = words.moment(alert.opened_at, notice.now)
    ended = words.moment(alert.closed_at or notice.now, notice.now)
    return AlertView(
        title=words.say("Is over"),
        tone=Tone.GOOD,
        why=words.say("It was: %(reason)s.", reason=why(alert.reason, words)),
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
