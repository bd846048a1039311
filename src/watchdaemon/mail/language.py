"""Words, numbers, days and times in a reader's language and the organisation's zone.

English is the language of the source; every other language is one gettext catalog below ``locale/``. The catalogs are
read as they are written (.po): a compiled one beside them is a second truth that somebody forgets to renew.
"""

import gettext
from datetime import date, datetime
from functools import cache
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("sv", "en")
SOURCE_LANGUAGE = "en"


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    """Mark a message for the catalogs; it is translated where it is used."""
    return message


_PAST_WEEKDAYS = (
    N_("last Monday"),
    N_("last Tuesday"),
    N_("last Wednesday"),
    N_("last Thursday"),
    N_("last Friday"),
    N_("last Saturday"),
    N_("last Sunday"),
)
_NEAR_DAYS = {0: N_("today"), 1: N_("tomorrow"), -1: N_("yesterday")}


@cache
def catalog(language: str, room: str = "watchdaemon.mail") -> gettext.NullTranslations:
    """Return a language's translations of a room's texts; the source language has none.

    Raises:
        FileNotFoundError: There is no catalog for that language.
    """
    if language == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    path = resources.files(room) / "locale" / language / "LC_MESSAGES" / "watchdaemon.po"
    with path.open("rb") as source:
        messages = read_po(source, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def sentence(text: str) -> str:
    """Return the text with its first letter large."""
    return text[:1].upper() + text[1:]


class Words:
    """One language's words. `zone` is the wall clock that people read."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.catalog = catalog(language)

    def say(self, message: str, **values: object) -> str:
        """Translate a message and fill in its ``%(name)s`` places."""
        translated = self.catalog.gettext(message)
        return translated % values if values else translated

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a message that depends on a number, which it may name as ``%(number)d``."""
        return self.catalog.ngettext(one, many, number) % {"number": number, **values}

    def clock(self, at: datetime) -> str:
        """``kl. 17.00``, ``at 17:00``: local wall-clock time."""
        local = at.astimezone(self.zone)
        return self.say("at %(time)s", time=format_time(local, self.say("HH:mm"), locale=self.language))

    def day(self, day: date, today: date) -> str:
        """Name a day as people do: today, tomorrow, last Friday, Monday 28 December (with the year if another)."""
        distance = (day - today).days
        if distance in _NEAR_DAYS:
            return self.say(_NEAR_DAYS[distance])
        if -6 <= distance < 0:
            return self.say(_PAST_WEEKDAYS[day.weekday()])
        return self.full_day(day, with_year=day.year != today.year)

    def full_day(self, day: date, *, with_year: bool) -> str:
        """``måndag 28 december``, with the year if asked for."""
        return self._date(day, "EEEE d MMMM y" if with_year else "EEEE d MMMM")

    def short_day(self, day: date) -> str:
        """``tis 17 nov.``: for lists of several."""
        return self._date(day, "EEE d MMM")

    def moment(self, at: datetime, now: datetime) -> str:
        """``i fredags kl. 17.00``: an instant, seen from `now`."""
        return f"{self.day(self.local_day(at), self.local_day(now))} {self.clock(at)}"

    def due(self, due_at: datetime, now: datetime) -> str:
        """``senast i dag kl. 17.00``, or ``försenad sedan i fredags kl. 17.00`` once it is reached."""
        when = self.moment(due_at, now)
        return self.say("overdue since %(when)s", when=when) if due_at <= now else self.say("due %(when)s", when=when)

    def stamp(self, at: datetime) -> str:
        """``2026-11-23 08:46``: local time as a spreadsheet reads it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def month(self, day: date) -> str:
        """``november 2026``."""
        return self._date(day, "MMMM y")

    def length(self, minutes: int) -> str:
        """``3 tim 20 min``; from ten hours on without the minutes, which nobody needs then."""
        hours, rest = divmod(minutes, 60)
        if hours >= 10:
            return self.say("%(hours)d h", hours=hours)
        if hours and rest:
            return self.say("%(hours)d h %(minutes)d min", hours=hours, minutes=rest)
        return self.say("%(hours)d h", hours=hours) if hours else self.say("%(minutes)d min", minutes=rest)

    def period(self, first: date, last: date) -> str:
        """``16–22 november 2026``; both days inclusive."""
        if first == last:
            return self._date(last, "d MMMM y")
        if first.year != last.year:
            return f"{self._date(first, 'd MMMM y')} – {self._date(last, 'd MMMM y')}"
        if first.month != last.month:
            return f"{self._date(first, 'd MMMM')} – {self._date(last, 'd MMMM y')}"
        return f"{first.day}–{self._date(last, 'd MMMM y')}"

    def span(self, opens_at: datetime, closes_at: datetime) -> str:
        """``08–12``: a window's local times, minutes only where there are any."""
        first, last = opens_at.astimezone(self.zone), closes_at.astimezone(self.zone)
        pattern = "HH" if first.minute == last.minute == 0 else self.say("HH:mm")
        return "–".join(format_time(t, pattern, locale=self.language) for t in (first, last))

    def ago(self, days: int) -> str:
        """``för 12 dagar sedan``, with words for the nearest days."""
        if days <= 1:
            return self.say(_NEAR_DAYS[-days])
        return self.count("%(number)d day ago", "%(number)d days ago", days)

    def together(self, parts: list[str]) -> str:
        """``a, b och c``."""
        if len(parts) < 2:
            return "".join(parts)
        return self.say("%(first)s and %(last)s", first=", ".join(parts[:-1]), last=parts[-1])

    def local_day(self, at: datetime) -> date:
        """Return the local date of an instant."""
        return at.astimezone(self.zone).date()

    def _date(self, day: date, pattern: str) -> str:
        return format_date(day, pattern, locale=self.language)
