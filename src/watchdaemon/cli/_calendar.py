"""``calendar``: shows working days, windows and due times, so that anyone can check the rule without any file."""

import calendar as months
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from watchdaemon.cli._output import day_text, emit_json, emit_table, local_text, utc_text
from watchdaemon.cli._session import AsJson, Config, instant, local_day, settings_of
from watchdaemon.clock import system_clock

if TYPE_CHECKING:
    from watchdaemon.domain.calendar import WatchPolicy
    from watchdaemon.rules.workdays import WorkCalendar


def add_to(program: typer.Typer) -> None:
    """Add the command."""
    program.command("calendar", rich_help_panel="Looking")(show_calendar)


def show_calendar(
    ctx: typer.Context,
    *,
    month: Annotated[
        str | None, typer.Option("--month", "-m", metavar="MONTH", help="A month, 2026-12; this one when left out.")
    ] = None,
    due: Annotated[
        list[str] | None,
        typer.Option("--due", metavar="TIME", help="When is the answer to a question due that is asked then?"),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show working days, watch windows and due times.

    An answer is due when office hours end on the next working day. Check it:

    \b
    watchdaemon calendar --month 2026-12
    watchdaemon calendar --due 2026-12-23T10:00
    """
    from watchdaemon.rules.workdays import WorkCalendar

    settings = settings_of(ctx, config, required=False)
    zone = settings.organisation.timezone
    calendar = WorkCalendar(settings.calendar_policy())
    if due:
        _show_due([instant(text, zone, option="--due") for text in due], calendar, as_json=as_json)
    else:
        first = _first_day(month) or system_clock().astimezone(zone).date().replace(day=1)
        _show_month(first, calendar, settings.watch_policy(), as_json=as_json)


def _first_day(month: str | None) -> date | None:
    if month is None:
        return None
    if not re.fullmatch(r"\d{4}-\d{2}", month):
        raise typer.BadParameter(f"--month: {month!r} is not a month such as 2026-12")
    return local_day(f"{month}-01", option="--month")


def _show_due(asked: list[datetime], calendar: "WorkCalendar", *, as_json: bool) -> None:
    from watchdaemon.rules.due import due_at

    pairs = [(published, due_at(published, calendar)) for published in asked]
    if as_json:
        emit_json({"published_at": utc_text(published), "due_at": utc_text(due)} for published, due in pairs)
        return
    zone = calendar.policy.zone
    rows = [
        (local_text(published, zone), local_text(due, zone), _passed(published, due, calendar))
        for published, due in pairs
    ]
    emit_table([f"ASKED ({zone.key})", "ANSWER DUE", "DAYS OFF BETWEEN"], rows)


def _passed(published: datetime, due: datetime, calendar: "WorkCalendar") -> str:
    """Name the days off that were stepped over: they explain the due time."""
    day, last = calendar.local_date(published) + timedelta(days=1), calendar.local_date(due)
    names = []
    while day < last:
        names.append(f"{day:%a} {day.day}/{day.month} ({calendar.why_off(day)})")
        day += timedelta(days=1)
    return ", ".join(names)


def _show_month(first: date, calendar: "WorkCalendar", watch: "WatchPolicy", *, as_json: bool) -> None:
    length = months.monthrange(first.year, first.month)[1]
    days = [_day(first.replace(day=n), calendar, watch) for n in range(1, length + 1)]
    if as_json:
        emit_json(days)
        return
    zone = calendar.policy.zone
    rows = [
        (
            day_text(date.fromisoformat(str(day["on"]))),
            "" if day["is_working_day"] else str(day["why_off"]),
            day["office_hours"],
            ", ".join(str(w) for w in _list(day["windows"])),
            local_text(datetime.fromisoformat(str(day["due_at"])), zone),
        )
        for day in days
    ]
    emit_table([f"DAY ({zone.key})", "OFF", "OFFICE HOURS", "WATCH WINDOWS", "ASKED THAT DAY, DUE"], rows)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _day(on: date, calendar: "WorkCalendar", watch: "WatchPolicy") -> dict[str, object]:
    from watchdaemon.rules.due import due_at
    from watchdaemon.rules.schedule import windows_on

    zone = calendar.policy.zone
    hours = calendar.hours_on(on)
    windows = windows_on(on, calendar, watch)
    noon = datetime.combine(on, time(12), zone).astimezone(UTC)
    return {
        "on": on.isoformat(),
        "is_working_day": hours is not None,
        "why_off": calendar.why_off(on),
        "office_hours": None if hours is None else f"{hours.opens:%H:%M}-{hours.closes:%H:%M}",
        "windows": [f"{w.opens_at.astimezone(zone):%H:%M}-{w.closes_at.astimezone(zone):%H:%M}" for w in windows],
        "due_at": utc_text(due_at(noon, calendar)),
    }
