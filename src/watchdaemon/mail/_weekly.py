"""What a manager's weekly report says, in words. It is complete also when all is well: silence is not a report."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdaemon.domain.account import AccountStatus
from watchdaemon.domain.digest import Activity, WeekFigures, WeeklyReport, WeeklyRow
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.mail._common import (
    AccountView,
    Tone,
    account_view,
    accounts_in_subject,
    person_names,
    platform_name,
    why,
)
from watchdaemon.mail._message import Attachment
from watchdaemon.mail._table import table
from watchdaemon.mail.language import N_, Words, sentence

_HEAD = (
    N_("Account"),
    N_("Platform"),
    N_("To attend to"),
    N_("Watches due"),
    N_("Watched"),
    N_("Open questions"),
    N_("Overdue questions"),
    N_("Answered in time"),
    N_("Answered late"),
    N_("Median office minutes to answer"),
    N_("Own posts"),
    N_("Days since last own post"),
    N_("Owners"),
    N_("Link"),
)

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
    time: str
    owners: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BarView:
    """One week of a chart: the words say all of it, the bar repeats them for the eye."""

    week: str
    percent: int  # of the longest bar; 0: none
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartView:
    """A chart of the latest weeks."""

    title: str
    bars: tuple[BarView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyView:
    """The whole report in words."""

    headline: str
    title: str
    period: str
    subject_accounts: str
    totals: tuple[tuple[str, str], ...]  # what, how much
    charts: tuple[ChartView, ...]
    rows: tuple[RowView, ...]
    further: str


def weekly_view(report: WeeklyReport, words: Words, *, shown: int = 40) -> WeeklyView:
    """Put a weekly report into words, with at most `shown` accounts one by one."""
    rows = tuple(_row(row, report, words) for row in report.rows)
    return WeeklyView(
        headline=_headline(report, rows, words),
        title=words.say("Weekly report, week %(week)d", week=report.from_on.isocalendar().week),
        period=words.period(report.from_on, report.to_on),
        subject_accounts=accounts_in_subject([row.account for row in report.rows], words),
        totals=_totals(report, words),
        charts=_charts(report.history, words),
        rows=rows[:shown],
        further=words.count(
            "%(number)d further account is in the attached file, which has all of them.",
            "%(number)d further accounts are in the attached file, which has all of them.",
            len(rows) - shown,
        )
        if len(rows) > shown
        else "",
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


def weekly_table(report: WeeklyReport, words: Words) -> Attachment:
    """Return the file with every account."""
    name = words.say("accounts")
    year, week, _ = report.from_on.isocalendar()
    head = [words.say(title) for title in _HEAD]
    return table(f"{name}-{year}-W{week:02d}.csv", head, [_cells(row, words) for row in report.rows])


def _cells(row: WeeklyRow, words: Words) -> Sequence[object]:
    return (
        row.account.name or row.account.key,
        platform_name(row.account.platform),
        "; ".join(remark.text for remark in _remarks(row, words)),
        row.windows_owed,
        row.windows_watched,
        row.open_questions,
        row.overdue_questions,
        row.answered_in_time,
        row.answered_late,
        row.median_minutes,
        row.own_posts,
        row.staleness.days,
        ", ".join(person.name for person in row.owners),
        row.account.link,
    )


def _charts(history: Sequence[WeekFigures], words: Words) -> tuple[ChartView, ...]:
    if len(history) < 2:
        return ()  # one bar shows nothing that a number does not
    times = [(week, week.median_minutes or 0, _week_time(week, words)) for week in history]
    posts = [(week, week.own_posts, _week_activity(week, words)) for week in history]
    return (
        ChartView(title=words.say("Time to answer, week by week"), bars=_bars(times, words)),
        ChartView(title=words.say("Activity, week by week"), bars=_bars(posts, words)),
    )


def _bars(values: Sequence[tuple[WeekFigures, int, str]], words: Words) -> tuple[BarView, ...]:
    longest = max((value for _, value, _ in values), default=0)
    return tuple(
        BarView(
            week=words.say("Week %(week)d", week=week.from_on.isocalendar().week),
            percent=max(2, round(100 * value / longest)) if value else 0,
            text=text,
        )
        for week, value, text in values
    )


def _week_time(week: WeekFigures, words: Words) -> str:
    if week.median_minutes is None:
        return sentence(words.say("none answered"))
    answers = words.count("%(number)d answer", "%(number)d answers", week.answered)
    return f"{words.length(week.median_minutes)} ({answers})"


def _week_activity(week: WeekFigures, words: Words) -> str:
    posts = words.count("%(number)d own post", "%(number)d own posts", week.own_posts)
    asked = words.count("%(number)d question", "%(number)d questions", week.asked)
    return f"{posts}, {asked}"


def _totals(report: WeeklyReport, words: Words) -> tuple[tuple[str, str], ...]:
    rows = report.rows
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
        *(
            [(words.say("Time to answer"), time_to_answer(report.history[-1].median_minutes, words))]
            if report.history
            else []
        ),
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
        time=time_to_answer(row.median_minutes, words) if row.median_minutes is not None else "",
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


def time_to_answer(minutes: int | None, words: Words) -> str:
    """Say a median; "None answered" when there is none."""
    if minutes is None:
        return sentence(words.say("none answered"))
    return words.say("%(time)s of office time (median)", time=words.length(minutes))


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
