"""What a manager's weekly report says, in words. It is complete also when all is well: silence is not a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.account import AccountStatus
from watchdaemon.domain.digest import Activity, WeeklyReport, WeeklyRow
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.mail._common import AccountView, Tone, account_view, accounts_in_subject, person_names, why
from watchdaemon.mail.language import Words, sentence

_GAPS_NAMED = 6
"""Windows named one by one for each reason; a month of gaps is a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that is not in order."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One account."""

    account: AccountView
    tone: Tone
    remarks: tuple[Remark, ...]
    last_post: str
    watched: str
    gaps: tuple[str, ...]
    questions: str
    answered: str
    owners: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyView:
    """The whole report in words."""

    headline: str
    title: str
    period: str
    subject_accounts: str
    totals: tuple[tuple[str, str], ...]  # what, how much
    rows: tuple[RowView, ...]


def weekly_view(report: WeeklyReport, words: Words) -> WeeklyView:
    """Put a weekly report into words."""
    rows = tuple(_row(row, report, words) for row in report.rows)
    return WeeklyView(
        headline=_headline(report, rows, words),
        title=words.say("Weekly report, week %(week)d", week=report.from_on.isocalendar().week),
        period=words.period(report.from_on, report.to_on),
        subject_accounts=accounts_in_subject([row.account for row in report.rows], words),
        totals=_totals(report.rows, words),
        rows=rows,
    )


def _headline(report: WeeklyReport, rows: Sequence[RowView], words: Words) -> str:
    if not rows:
        return words.say("No accounts to report on")
    parts = []
    overdue = sum(row.overdue_questions for row in report.rows)
    gaps = sum(1 for row in report.rows if row.windows_watched < row.windows_owed)
    if overdue:
        parts.append(words.count("%(number)d overdue question", "%(number)d overdue questions", overdue))
    if gaps:
        parts.append(words.count("%(number)d account not fully watched", "%(number)d accounts not fully watched", gaps))
    if not parts:
        remarked = sum(1 for row in rows if row.remarks)
        if remarked:
            parts.append(
                words.count("%(number)d account needs attention", "%(number)d accounts need attention", remarked)
            )
    return ", ".join(parts) or words.say("All is in order")


def _totals(rows: Sequence[WeeklyRow], words: Words) -> tuple[tuple[str, str], ...]:
    if len(rows) < 2:
        return ()  # the only row says it all
    watched = _windows(sum(r.windows_watched for r in rows), sum(r.windows_owed for r in rows), words)
    questions = _open(sum(r.open_questions for r in rows), sum(r.overdue_questions for r in rows), words)
    answers = _answered(sum(r.answered_in_time for r in rows), sum(r.answered_late for r in rows), words)
    return (
        (words.say("Accounts"), str(len(rows))),
        (words.say("Watched"), watched),
        (words.say("Questions"), questions),
        (words.say("Answers"), answers),
    )


def _row(row: WeeklyRow, report: WeeklyReport, words: Words) -> RowView:
    remarks = tuple(_remarks(row, words))
    worst = min((remark.tone for remark in remarks), key=list(Tone).index, default=Tone.GOOD)
    watched = _windows(row.windows_watched, row.windows_owed, words)
    if row.windows_partly:
        watched += ", " + words.count("%(number)d partly", "%(number)d partly", row.windows_partly)
    if row.windows_by_person:
        by_person = words.count("%(number)d by a person", "%(number)d by a person", row.windows_by_person)
        watched += f" ({by_person})"
    return RowView(
        account=account_view(row.account),
        tone=worst,
        remarks=remarks,
        last_post=_last_post(row, report, words),
        watched=watched,
        gaps=_gaps(row.missed, words),
        questions=_open(row.open_questions, row.overdue_questions, words),
        answered=_answered(row.answered_in_time, row.answered_late, words),
        owners=words.together(person_names(row.owners)) or sentence(words.say("none")),
    )


def _remarks(row: WeeklyRow, words: Words) -> list[Remark]:
    remarks = []
    if row.overdue_questions:
        overdue = words.count("%(number)d overdue question", "%(number)d overdue questions", row.overdue_questions)
        remarks.append(Remark(tone=Tone.BAD, text=overdue))
    if row.windows_watched < row.windows_owed:
        tone = Tone.BAD if row.windows_watched + row.windows_partly < row.windows_owed else Tone.WARN
        remarks.append(Remark(tone=tone, text=words.say("Not fully watched")))
    if row.answered_late:
        late = words.count("%(number)d answered late", "%(number)d answered late", row.answered_late)
        remarks.append(Remark(tone=Tone.WARN, text=late))
    if row.staleness.activity is Activity.CLOSE:
        remarks.append(Remark(tone=Tone.BAD, text=words.say("Inactive: should be closed")))
    elif row.staleness.activity is Activity.WARN:
        remarks.append(Remark(tone=Tone.WARN, text=words.say("Inactive")))
    if row.too_few_owners:
        remarks.append(Remark(tone=Tone.WARN, text=words.say("Too few owners")))
    return remarks


def _last_post(row: WeeklyRow, report: WeeklyReport, words: Words) -> str:
    account, staleness = row.account, row.staleness
    text = words.say("no own post seen yet")
    if staleness.last_activity_at is not None and staleness.days is not None:
        day = words.local_day(staleness.last_activity_at)
        text = words.ago(staleness.days)
        if staleness.days > 1:
            with_year = day.year != words.local_day(report.now).year
            text += f" ({words.full_day(day, with_year=with_year)})"
    if account.status is AccountStatus.RESTING and account.resting_until is not None:
        until = words.full_day(account.resting_until, with_year=True)
        text += "; " + words.say("resting until %(day)s", day=until)
    return sentence(text)


def _windows(watched: int, owed: int, words: Words) -> str:
    if not owed:
        return sentence(words.say("no watch was due"))
    return words.count("%(watched)d of %(number)d watch", "%(watched)d of %(number)d watches", owed, watched=watched)


def _open(open_now: int, overdue: int, words: Words) -> str:
    if not open_now:
        return sentence(words.say("none open"))
    text = words.count("%(number)d open", "%(number)d open", open_now)
    if overdue:
        text += ", " + words.count("%(number)d of them overdue", "%(number)d of them overdue", overdue)
    return text


def _answered(in_time: int, late: int, words: Words) -> str:
    if not in_time and not late:
        return sentence(words.say("none answered"))
    text = words.count("%(number)d answered in time", "%(number)d answered in time", in_time)
    if late:
        text += ", " + words.count("%(number)d late", "%(number)d late", late)
    return text


def _gaps(missed: Sequence[WatchEntry], words: Words) -> tuple[str, ...]:
    by_cause: dict[str, list[WatchEntry]] = {}
    for entry in missed:
        cause = why(entry.reason, words)
        if entry.coverage is Coverage.PARTIAL:
            cause = words.say("only partly, %(reason)s", reason=cause) if cause else words.say("only partly")
        by_cause.setdefault(cause, []).append(entry)
    return tuple(_gap(cause, entries, words) for cause, entries in by_cause.items())


def _gap(cause: str, entries: Sequence[WatchEntry], words: Words) -> str:
    windows = [entry.window for entry in entries]
    named = [
        f"{words.short_day(w.on)} {words.say('at %(time)s', time=words.span(w.opens_at, w.closes_at))}"
        for w in windows[:_GAPS_NAMED]
    ]
    further = len(windows) - len(named)
    if further:
        named.append(words.count("%(number)d more", "%(number)d more", further))
    return sentence(f"{words.together(named)}: {cause}" if cause else words.together(named))
