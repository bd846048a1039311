"""The organisation's working days and office hours: counted in local time, given back in UTC."""

import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from types import ModuleType
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from watchdaemon.domain.calendar import CalendarPolicy, OfficeHours
from watchdaemon.errors import ConfigError, Fault

if TYPE_CHECKING:
    from holidays import HolidayBase

_ONE_DAY: Final = timedelta(days=1)
_WEEKEND: Final = {5: "Saturday", 6: "Sunday"}

# A calendar without a working day in this many days is a mistake in the configuration, not a long holiday.
_SEARCH_DAYS: Final = 3 * 366


class WorkCalendar:
    """Which local dates are worked, and when.

    Monday to Friday, except the country's statutory holidays, the eves (when `eves_off`) and the local closures. The
    three eves are not public holidays in the Swedish act on public holidays (SFS 1989:253), but the annual leave act
    puts them on a par with Sundays (SFS 1977:480, section 7), and offices are closed. A half-day shortens a
    working day; it never makes a working day of a day off.

    Immutable to its users and safe between threads: years are worked out once and kept; two threads that work the same
    year out at the same time write the same value.
    """

    def __init__(self, policy: CalendarPolicy) -> None:
        """Make the calendar.

        Raises:
            ConfigError: There is no holiday listing for `policy.country`.
        """
        self.policy = policy
        self._years: dict[int, dict[date, str]] = {}
        _public_holidays(policy.country, 2026)  # an unknown country is refused here, not in the first judgement

    @property
    def zone(self) -> ZoneInfo:
        """The zone the organisation's days and hours are counted in."""
        return self.policy.zone

    def is_working_day(self, on: date) -> bool:
        """Tell whether that local date is worked, wholly or for half a day."""
        return self.why_off(on) is None

    def why_off(self, on: date) -> str | None:
        """Return why that local date is not worked ("Sunday", "Julafton", "closed locally"), or None when it is."""
        return self._days_off(on.year).get(on) or _WEEKEND.get(on.weekday())

    def hours_on(self, on: date) -> OfficeHours | None:
        """Return the local office hours of that date, or None when it is not worked."""
        if not self.is_working_day(on):
            return None
        return self.policy.half_days.get(on, self.policy.office_hours)

    def office_hours(self, on: date) -> tuple[datetime, datetime] | None:
        """Return when the office opens and closes on that local date, aware UTC, half-open; None on a day off."""
        hours = self.hours_on(on)
        if hours is None:
            return None
        return self.at(on, hours.opens), self.at(on, hours.closes)

    def next_working_day(self, on: date) -> date:
        """Return the first working day strictly after that date.

        Raises:
            ConfigError: There is none within three years: the calendar cannot be meant.
        """
        for days in range(1, _SEARCH_DAYS + 1):
            day = on + days * _ONE_DAY
            if self.is_working_day(day):
                return day
        raise ConfigError(f"the calendar has no working day in the three years after {on.isoformat()}")

    def working_days(self, from_on: date, to_on: date) -> list[date]:
        """Return the working days from `from_on` to `to_on`, both inclusive."""
        days = ((from_on + n * _ONE_DAY) for n in range((to_on - from_on).days + 1))
        return [day for day in days if self.is_working_day(day)]

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much office time lies in [start, end); zero when `end` is not after `start`."""
        total = timedelta()
        day, last = self.local_date(start), self.local_date(end)
        while day <= last:
            hours = self.office_hours(day)
            if hours is not None:
                total += max(min(hours[1], end) - max(hours[0], start), timedelta())
            day += _ONE_DAY
        return total

    def local_date(self, instant: datetime) -> date:
        """Return the date that instant has on the organisation's wall calendar."""
        return instant.astimezone(self.policy.zone).date()

    def at(self, on: date, wall_time: time) -> datetime:
        """Return the instant (aware UTC) when the organisation's clocks show that time on that date."""
        return datetime.combine(on, wall_time, tzinfo=self.policy.zone).astimezone(UTC)

    def _days_off(self, year: int) -> dict[date, str]:
        days = self._years.get(year)
        if days is None:
            days = self._years[year] = self._work_out(year)
        return days

    def _work_out(self, year: int) -> dict[date, str]:
        # Weekends are left out: some holiday listings name every Sunday, some none, and `why_off` knows them anyhow.
        days = {day: "closed locally" for day in self.policy.closed if day.year == year}
        if self.policy.eves_off:
            days |= eves(year)
        days |= _public_holidays(self.policy.country, year)
        return {day: why for day, why in days.items() if day.weekday() not in _WEEKEND}


def eves(year: int) -> dict[date, str]:
    """Return Midsummer's, Christmas and New Year's Eve of a year, by their rules.

    Midsummer's Eve is the Friday that falls on 19-25 June (the day before Midsummer's Day, SFS 1989:253).
    """
    first = date(year, 6, 19)
    midsummer = first + timedelta(days=(4 - first.weekday()) % 7)
    return {midsummer: "Midsommarafton", date(year, 12, 24): "Julafton", date(year, 12, 31): "Nyårsafton"}


def _public_holidays(country: str, year: int) -> dict[date, str]:
    known = _calendar_class(country)
    # The names in the country's own language, whatever the locale of the machine is.
    listed = known(years=year, language=known.default_language)
    return {day: str(name) for day, name in listed.items() if day.year == year}


@lru_cache(maxsize=8)
def _calendar_class(country: str) -> "type[HolidayBase]":
    """Import one country's calendar. Raises ConfigError for a country without one."""
    from holidays.registry import COUNTRIES  # a tenth of a second that `--help` can do without

    for module, names in COUNTRIES.items():
        if country in names[1:]:
            found: type[HolidayBase] = getattr(_import_alone(f"holidays.countries.{module}"), names[0])
            return found
    fault = Fault(file="", key="calendar.country", message=f"no public holidays are known for {country!r}")
    raise ConfigError(faults=[fault])


def _import_alone(name: str) -> ModuleType:
    """Import a module without its package's ``__init__``, which would bring in every country there is: 8 MB for one."""
    package = name.rpartition(".")[0]
    if package in sys.modules:
        return import_module(name)
    bare = ModuleType(package)
    bare.__path__ = [str(files("holidays").joinpath("countries"))]
    sys.modules[package] = bare
    try:
        return import_module(name)
    finally:
        del sys.modules[package]  # whoever else asks for the package gets the real one
