"""What the communications unit's monthly overview says, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.account import AccountStatus, Audience
from watchdaemon.domain.digest import Activity
from watchdaemon.domain.overview import Answers, Breach, MonthlyOverview, OverviewRow
from watchdaemon.mail import _clean
from watchdaemon.mail._common import AccountView, Tone, account_view, person_names, platform_name, why
from watchdaemon.mail._message import Attachment
from watchdaemon.mail._table import table
from watchdaemon.mail._weekly import time_to_answer
from watchdaemon.mail.language import N_, Words, sentence

_BREACHES = {
    Breach.OVERDUE: (N_("Overdue questions"), Tone.BAD),
    Breach.CREDENTIAL: (N_("Access to be renewed"), Tone.BAD),
    Breach.NOT_WATCHED: (N_("Not fully watched"), Tone.BAD),
    Breach.NOT_APPROVED: (N_("Not approved"), Tone.BAD),
    Breach.TO_CLOSE: (N_("Inactive: should be closed"), Tone.BAD),
    Breach.TOO_FEW_OWNERS: (N_("Too few owners"), Tone.WARN),
    Breach.ANSWERED_LATE: (N_("Answered late"), Tone.WARN),
    Breach.STALE: (N_("Inactive"), Tone.WARN),
    Breach.NO_PURPOSE: (N_("No purpose in the register"), Tone.WARN),
}

_STATUSES = {
    AccountStatus.APPLIED: N_("applied for"),
    AccountStatus.APPROVED: N_("approved"),
    AccountStatus.RESTING: N_("resting"),
    AccountStatus.CLOSING: N_("to be closed"),
    AccountStatus.CLOSED: N_("closed"),
}

_HEAD = (
    N_("Account"),
    N_("Platform"),
    N_("Unit"),
    N_("Manager"),
    N_("Owners"),
    N_("Status"),
    N_("Breaches"),
    N_("Watches due"),
    N_("Watched"),
    N_("Watched, percent"),
    N_("Questions due"),
    N_("Answered in time"),
    N_("In time, percent"),
    N_("Median office minutes to answer"),
    N_("Open questions"),
    N_("Overdue questions"),
    N_("Own posts"),
    N_("Days since last own post"),
    N_("Exempt from being public"),
    N_("Purpose"),
    N_("Link"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One breach, in words."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """An account that does not follow the guideline."""

    account: AccountView
    unit: str
    tone: Tone
    marks: tuple[Mark, ...]
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """An account that follows the guideline, in one line."""

    account: AccountView
    watched: str
    in_time: str
    median: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExemptView:
    """An account that is not open to all, and why."""

    account: AccountView
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyView:
    """The whole overview in words. The numbers of accounts are of all; a list that ends early says so."""

    headline: str
    title: str
    totals: tuple[tuple[str, str], ...]
    breach_count: int
    cards: tuple[CardView, ...]
    cards_further: str
    fine_count: int
    lines: tuple[LineView, ...]
    lines_further: str
    exempt_count: int
    exempt: tuple[ExemptView, ...]
    exempt_further: str
    file_note: str


def monthly_view(overview: MonthlyOverview, words: Words, *, shown: int = 40) -> MonthlyView:
    """Put an overview into words, with at most `shown` accounts in each list."""
    wrong = overview.in_breach
    fine = [row for row in overview.rows if not row.breaches]
    exempt = [row for row in overview.rows if row.account.audience is Audience.EXEMPT]
    return MonthlyView(
        headline=_headline(len(wrong), len(overview.rows), words),
        title=words.say("Monthly overview, %(month)s", month=words.month(overview.from_on)),
        totals=_totals(overview, words),
        breach_count=len(wrong),
        cards=tuple(_card(row, overview, words) for row in wrong[:shown]),
        cards_further=_further(len(wrong) - shown, words),
        fine_count=len(fine),
        lines=tuple(_line(row, words) for row in fine[:shown]),
        lines_further=_further(len(fine) - shown, words),
        exempt_count=len(exempt),
        exempt=tuple(
            ExemptView(account=account_view(row.account), reason=_clean.line(row.account.audience_reason, limit=300))
            for row in exempt[:shown]
        ),
        exempt_further=_further(len(exempt) - shown, words),
        file_note=words.count(
            "The attached file has %(number)d account with all figures.",
            "The attached file has all %(number)d accounts with all figures.",
            len(overview.rows),
        ),
    )


def monthly_table(overview: MonthlyOverview, words: Words) -> Attachment:
    """Return the file with every account."""
    name = words.say("accounts")
    return table(
        f"{name}-{overview.from_on:%Y-%m}.csv",
        [words.say(title) for title in _HEAD],
        [_cells(row, words) for row in overview.rows],
    )


def _headline(wrong: int, accounts: int, words: Words) -> str:
    if not accounts:
        return words.say("No accounts to report on")
    if not wrong:
        return words.count(
            "%(number)d account, and it follows the guideline", "all %(number)d accounts follow the guideline", accounts
        )
    return words.count(
        "%(number)d of %(accounts)d accounts does not follow the guideline",
        "%(number)d of %(accounts)d accounts do not follow the guideline",
        wrong,
        accounts=accounts,
    )


def _totals(overview: MonthlyOverview, words: Words) -> tuple[tuple[str, str], ...]:
    rows = overview.rows
    owed, watched = sum(r.windows_owed for r in rows), sum(r.windows_watched for r in rows)
    totals = [
        (words.say("Watched"), _share(watched, owed, words) or sentence(words.say("no watch was due"))),
        (words.say("Answered in time"), _in_time(overview.answers, words)),
        (words.say("Time to answer"), _median(overview.answers, words)),
        (words.say("Overdue now"), _questions(sum(r.overdue_questions for r in rows), words)),
    ]
    counted = {breach: sum(breach in r.breaches for r in rows) for breach in Breach}
    shown = [breach for breach in Breach if counted[breach] and breach is not Breach.OVERDUE]
    return (*totals, *((words.say(_BREACHES[b][0]), _accounts(counted[b], words)) for b in shown))


def _questions(number: int, words: Words) -> str:
    return words.count("%(number)d question", "%(number)d questions", number)


def _accounts(number: int, words: Words) -> str:
    return words.count("%(number)d account", "%(number)d accounts", number)


def _share(part: int, whole: int, words: Words) -> str:
    if not whole:
        return ""
    return words.say("%(percent)d %% (%(part)d of %(whole)d)", percent=part * 100 // whole, part=part, whole=whole)


def _in_time(answers: Answers, words: Words) -> str:
    return _share(answers.in_time, answers.due, words) or sentence(words.say("no question was due"))


def _median(answers: Answers, words: Words) -> str:
    return time_to_answer(answers.median_minutes, words)


def _card(row: OverviewRow, overview: MonthlyOverview, words: Words) -> CardView:
    marks = tuple(Mark(tone=_BREACHES[b][1], text=_mark(b, row, words)) for b in row.breaches)
    return CardView(
        account=account_view(row.account),
        unit=_clean.name(row.unit),
        tone=min((mark.tone for mark in marks), key=list(Tone).index),
        marks=marks,
        facts=tuple(_facts(row, overview, words)),
    )


def _mark(breach: Breach, row: OverviewRow, words: Words) -> str:
    if breach is Breach.OVERDUE:
        return words.count("%(number)d overdue question", "%(number)d overdue questions", row.overdue_questions)
    if breach is Breach.ANSWERED_LATE:
        return words.count("%(number)d answered late", "%(number)d answered late", row.answers.late)
    return words.say(_BREACHES[breach][0])


def _facts(row: OverviewRow, overview: MonthlyOverview, words: Words) -> list[tuple[str, str]]:
    """Say what the account's breaches rest on; what is in order is left to the file."""
    facts = []
    if row.windows_owed:
        facts.append((words.say("Watched"), _share(row.windows_watched, row.windows_owed, words)))
    if Breach.CREDENTIAL in row.breaches:
        facts.append((words.say("Access"), _access(row, overview, words)))
    if row.answers.due or row.answers.given:
        facts.append((words.say("Answered in time"), _in_time(row.answers, words)))
        facts.append((words.say("Time to answer"), _median(row.answers, words)))
    if {Breach.TO_CLOSE, Breach.STALE} & {*row.breaches}:
        facts.append((words.say("Last own post"), _last_post(row, words)))
    if Breach.NOT_APPROVED in row.breaches:
        facts.append((words.say("Status"), sentence(words.say(_STATUSES[row.account.status]))))
    owners = words.together(person_names(row.owners)) or sentence(words.say("none"))
    facts.append((words.say("Owners"), owners))
    if row.manager is not None:
        facts.append((words.say("Manager"), words.together(person_names([row.manager]))))
    return facts


def _access(row: OverviewRow, overview: MonthlyOverview, words: Words) -> str:
    if row.credential_ends_at is not None:
        return sentence(words.say("ends %(when)s", when=words.moment(row.credential_ends_at, overview.now)))
    return sentence(why(row.credential_reason, words)) or words.say("Access has ended")


def _last_post(row: OverviewRow, words: Words) -> str:
    if row.staleness.days is None:
        return sentence(words.say("no own post seen yet"))
    return sentence(words.ago(row.staleness.days))


def _line(row: OverviewRow, words: Words) -> LineView:
    def percent(value: int | None) -> str:
        return "–" if value is None else words.say("%(percent)d %%", percent=value)

    minutes = row.answers.median_minutes
    return LineView(
        account=account_view(row.account),
        watched=percent(row.percent_watched),
        in_time=percent(row.answers.percent_in_time),
        median="–" if minutes is None else words.length(minutes),
    )


def _further(left: int, words: Words) -> str:
    if left <= 0:
        return ""
    return words.count(
        "%(number)d further account is in the attached file.",
        "%(number)d further accounts are in the attached file.",
        left,
    )


def _cells(row: OverviewRow, words: Words) -> Sequence[object]:
    account, answers = row.account, row.answers
    return (
        account.name or account.key,
        platform_name(account.platform),
        row.unit,
        row.manager.name if row.manager else "",
        ", ".join(person.name for person in row.owners),
        words.say(_STATUSES[account.status]),
        ", ".join(words.say(_BREACHES[breach][0]) for breach in row.breaches),
        row.windows_owed,
        row.windows_watched,
        row.percent_watched,
        answers.due,
        answers.in_time,
        answers.percent_in_time,
        answers.median_minutes,
        row.open_questions,
        row.overdue_questions,
        row.own_posts,
        row.staleness.days if row.staleness.activity is not Activity.UNKNOWN else None,
        account.audience_reason if account.audience is Audience.EXEMPT else "",
        account.purpose,
        account.link,
    )
