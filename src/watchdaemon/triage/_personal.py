"""Personal data in texts: personal identity numbers, phone numbers, mail addresses, bank accounts (IBAN)."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import phonenumbers
from stdnum import iban

from watchdaemon.domain.question import Span
from watchdaemon.triage._text import visible

CERTAIN: Final = "certain"
PROBABLE: Final = "probable"

PERSONAL_NUMBER: Final = "personnummer"

_MOST: Final = 200
"""So many candidates of a kind are looked at in one text: more are a list or an attack, and a person sees it "
"anyhow."""

# Whole numbers: yyyymmdd-nnnn or yymmdd-nnnn, with spaces or another mark between, and the letter of an interim number
# in place of the first of the last four (Skatteverket, SKV 704, personnummer and samordningsnummer).
_NUMBER: Final = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9][-./,])"
    r"(?:(?P<century>18|19"
    r"|20)(?P<s>[ .-]?))?(?P<year>[0-9]{2})(?P<a>[ .-]?)(?P<month>[0-9]{2})(?P<b>[ .-]?)(?P<day>[0-9]{2})"
    r"(?P<sign> ?[-+–−] ?| )?(?P<last>[0-9TRSUWXJKLMN][0-9]{3})"
    r"(?![0-9A-Za-z])(?!-[0-9])"
)
_PARTIAL: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:18|19|20)?(?P<year>[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})[- ]?"
    r"(?:[xX]{4}|\*{4}|[0-9]{2}(?:[xX]{2}|\*{2})|[0-9](?:[xX]{3}|\*{3})|[0-9]{3}[xX*])(?![0-9A-Za-z*])"
)
_PHONE: Final = re.compile(r"(?<![0-9A-Za-z+])(?<![0-9][-./,])(?:\+|00?)[0-9 ()/-]{6,22}[0-9](?![0-9A-Za-z])")
_IBAN: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{2,4}){3,8}(?![0-9A-Za-z])")
_DIGIT: Final = re.compile("[0-9]")
_MAIL_NAME: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}\Z")
_MAIL_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")


def find_spans(text: str) -> tuple[Span, ...]:
    """Return the personal data in a text, by place in the text as given.

    Types: ``personnummer`` (identity and coordination numbers whose date and check digit are right),
    ``personnummer_partial`` (with masked last digits), ``iban``, ``email``, ``phone``. Of two that overlap one holds:
    accounts before personal numbers before addresses before phones. A number is certain when it is written as one; ten
    bare digits are only probably a personal number.
    """
    seen = visible(text)
    taken: list[tuple[int, int]] = []
    spans = []
    for start, end, kind, certainty in _candidates(seen.text):
        if any(start < b and a < end for a, b in taken):
            continue
        taken.append((start, end))
        place = seen.span(start, end)
        spans.append(Span(start=place[0], end=place[1], type=kind, certainty=certainty))
    return tuple(sorted(spans, key=lambda s: s.start))


Candidate = tuple[int, int, str, str]


def _candidates(text: str) -> Iterator[Candidate]:
    if not _DIGIT.search(text):
        yield from _mails(text)
        return
    yield from _ibans(text)
    yield from _personal_numbers(text)
    yield from _partial_numbers(text)
    yield from _mails(text)
    yield from _phones(text)


def _personal_numbers(text: str) -> Iterator[Candidate]:
    for found in _first(_NUMBER, text):
        if not (_is_well_set(found) and _is_date(found) and _has_check_digit(found)):
            continue
        is_bare = not found["century"] and not found["sign"]
        if is_bare and found["year"] == "07" and int(found["day"]) > 60:
            continue  # a mobile number that could be read as a coordination number
        yield found.start(), found.end(), PERSONAL_NUMBER, PROBABLE if is_bare else CERTAIN


def _is_well_set(found: re.Match[str]) -> bool:
    """Refuse marks that no one writes in one number, such as a time after a date, and the number 000, never given."""
    a, b, sign = found["a"], found["b"], found["sign"] or ""
    if a != b or (found["s"] and found["s"] != a) or found["last"].startswith("000"):
        return False
    return a in {"", " "} or sign.strip() != ""


def _is_date(found: re.Match[str]) -> bool:
    """Tell whether the digits hold a date of birth; a coordination number has 60 added to the day."""
    day = int(found["day"]) - 60 if int(found["day"]) > 60 else int(found["day"])
    groups = found.groupdict()
    century, year = groups.get("century"), int(groups["year"])
    years = [int(century) * 100 + year] if century else [1900 + year, 2000 + year]
    return any(_exists(year, int(found["month"]), day) for year in years)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _has_check_digit(found: re.Match[str]) -> bool:
    last = found["last"] if found["last"][0].isdigit() else "1" + found["last"][1:]  # an interim letter counts as one
    digits = [int(d) for d in found["year"] + found["month"] + found["day"] + last]
    doubled = [d * 2 if n % 2 == 0 else d for n, d in enumerate(digits)]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _partial_numbers(text: str) -> Iterator[Candidate]:
    for found in _first(_PARTIAL, text):
        if _is_date(found):
            yield found.start(), found.end(), "personnummer_partial", PROBABLE


def _ibans(text: str) -> Iterator[Candidate]:
    for found in _first(_IBAN, text):
        # A following word may have been taken for a last group: the longest valid beginning counts.
        parts = found.group().split(" ")
        for length in range(len(parts), 0, -1):
            written = " ".join(parts[:length])
            if iban.is_valid(written):
                yield found.start(), found.start() + len(written), "iban", CERTAIN
                break


def _mails(text: str) -> Iterator[Candidate]:
    at, left = text.find("@"), _MOST
    while at >= 0 and left:
        name = _MAIL_NAME.search(text[max(at - 64, 0) : at])
        host = _MAIL_HOST.match(text, at + 1)
        if name and host:
            yield at - len(name.group()), host.end(), "email", CERTAIN
        at, left = text.find("@", at + 1), left - 1


def _phones(text: str) -> Iterator[Candidate]:
    for found in _first(_PHONE, text):
        written = found.group()
        # Opening hours ("08-16 10-14") have more dashes than any number at home.
        if (written[0] == "+" or written.count("-") <= 1) and _is_phone(written):
            yield found.start(), found.end(), "phone", CERTAIN


def _is_phone(written: str) -> bool:
    try:
        number = phonenumbers.parse(written, "SE")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for count, found in enumerate(pattern.finditer(text)):
        if count >= _MOST:
            return
        yield found
