"""The file that goes with an alert mail when it names more accounts or items than a mail can: all of them."""

from collections.abc import Iterator, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind, AlertNotice
from watchdaemon.domain.question import Question
from watchdaemon.mail._alert import NAMED
from watchdaemon.mail._alert_words import KIND_WORDS
from watchdaemon.mail._common import platform_name
from watchdaemon.mail._message import Attachment
from watchdaemon.mail._table import table
from watchdaemon.mail.language import N_, Words

_HEAD = (N_("What"), N_("Since"), N_("Account"), N_("Platform"), N_("Written"), N_("Text"), N_("Link"))


def alert_table(notice: AlertNotice, words: Words) -> Attachment | None:
    """Return the file, or None when the mail itself names everything."""
    alerts = [*notice.opened, *notice.reminded, *notice.closed]
    if all(len(alert.accounts) <= NAMED and len(alert.items) <= NAMED for alert in alerts):
        return None
    accounts = {account.key: account for account in notice.accounts}
    name = words.say("alert")
    head = [words.say(title) for title in _HEAD]
    rows = [row for alert in alerts for row in _rows(alert, accounts, notice, words)]
    return table(f"{name}-{words.local_day(notice.now):%Y-%m-%d}.csv", head, rows)


def _rows(alert: Alert, accounts: dict[str, Account], notice: AlertNotice, words: Words) -> Iterator[Sequence[object]]:
    kind = KIND_WORDS[alert.kind]
    begun = (words.say(kind.over if alert in notice.closed else kind.title), words.stamp(alert.opened_at))
    for key in alert.accounts:
        account = accounts.get(key)
        named = (account.name, platform_name(account.platform)) if account else (key, "")
        questions = [notice.questions[key, item] for item in alert.items if (key, item) in notice.questions]
        for question in questions:
            written = words.stamp(question.item.published_at)
            yield (*begun, *named, written, _text(alert, question), question.item.url)
        if not questions:
            yield (*begun, *named, "", "", account.link if account else "")


def _text(alert: Alert, question: Question) -> str:
    """Return an overdue question's words; nothing of what may have to be removed."""
    verdict = question.verdict
    is_shown = (
        alert.kind is AlertKind.QUESTION_OVERDUE and not verdict.needs_removal and not verdict.triage.needs_removal
    )
    return question.item.text if is_shown else ""
