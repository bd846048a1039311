"""Personal data in texts: identity numbers, phone numbers, mail and street addresses, accounts to pay to."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

import phonenumbers
from stdnum import iban, luhn

from watchdaemon.domain.question import Span
from watchdaemon.triage._text import visible

CERTAIN: Final = "certain"
PROBABLE: Final = "probable"

PERSONAL_NUMBER: Final = "personnummer"
UNCHECKED_NUMBER: Final = "personnummer_unchecked"
"""Shape and date are right, the check digit is not: mistyped, it is still somebody's."""

_COORDINATION: Final = 60

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
_GIRO: Final = re.compile(
    r"\b(?:bankgiro|plusgiro|bg|pg)(?:nummer|nr)?[ .:]{0,3}"
    r"(?P<number>[0-9]{1,7}(?:-[0-9]{4}|[ ]?[0-9]{2,4}-[0-9]))(?![0-9-])",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(
    r"\b(?:kontonummer|kontonr|konto|clearing(?:nummer|nr)?|account)[ .:]{0,3}"
    r"(?P<number>[0-9]{4}(?:-[0-9])?[ ,.-]{0,3}[0-9]{2,4}"
    r"[ .-]?[0-9]{2,4}[ .-]?[0-9]{1,4}(?:[ .-][0-9]{1,4})?)(?![0-9])",
    re.IGNORECASE,
)
_STREET: Final = re.compile(
    r"(?<![\w-])(?:(?:norra|södra|östra|västra|stora|lilla|gamla|nya|övre|nedre|sankt|s:t)[ ])?"
    r"(?P<name>[^\W\d_][\w-]{1,30}?)s?(?P<kind>gatan|gata|vägen|väg|gränd(?:en)?|stigen|stig|torget|torg|allén|allé"
    r"|backen|"
    r"backe|leden|platsen|plats|planen|plan|kajen|esplanaden|svängen|ringen|gården|liden|slingan|strand(?:en)?)"
    r"[ ](?P<number>[0-9]{1,3}(?:[ ]?[A-Ha-h](?![\w]))?)(?![\w.,]?[0-9])(?![ ]?(?:%|kr\b|år|min|tim|m\b|km|st\b|[:.]))"
    r"(?:,?[ ](?:lgh|vån)\.?[ ]?[0-9]{1,4})?(?:,?[ ][0-9]{3}[ ]?[0-9]{2}[ ][A-ZÅÄÖ][a-zåäöé]{1,20})?",
    re.IGNORECASE,
)
_NO_STREETS: Final = frozenset({"riks", "läns", "europa", "motor", "skol", "på", "i", "arbets", "semi", "fot", "spår"})
"""With "väg", "plats" and the like these make no street."""
_MUST_BE_NAMED: Final = frozenset(
    {"plats", "platsen", "plan", "planen", "väg", "strand", "stranden", "leden", "gården"}
)
"""Ordinary words as well: a street by one of these only with a capital ("spelplan 2", "Norra Strand 2")."""
_IBAN: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{2}[0-9]{2}(?: ?[A-Za-z0-9]{2,4}){3,8}(?![0-9A-Za-z])")
_MAIL_NAME: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}\Z")
_MAIL_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])")


def find_spans(text: str) -> tuple[Span, ...]:
    """Return the personal data in a text, by place in the text as given.

    Types: ``personnummer`` (identity, coordination and interim numbers whose date and check digit are right),
    ``personnummer_unchecked`` (the check digit is wrong), ``personnummer_partial`` (with masked last digits), ``iban``,
    ``bankgiro``, ``bank_account``, ``email``, ``phone``, ``address`` (street and number). Of two that overlap one
    holds: accounts before personal numbers before addresses before phones. A number is certain when it is written as
    one and its check digit is right; ten bare digits are only probably a personal number.
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
    digits = sum(map(text.count, "0123456789"))
    if digits >= _FEWEST_OF_A_NUMBER:
        yield from _ibans(text)
        yield from _giros(text)
        yield from _personal_numbers(text)
        yield from _partial_numbers(text)
    yield from _mails(text)
    if digits >= _FEWEST_OF_A_NUMBER:
        yield from _phones(text)
    if digits:
        yield from _addresses(text)


_FEWEST_OF_A_NUMBER: Final = 6
"""A masked personal number has six digits, all other numbers have more; a giro number of five is not worth the time."""


def _personal_numbers(text: str) -> Iterator[Candidate]:
    for found in _first(_NUMBER, text):
        if not (_is_well_set(found) and _is_date(found)):
            continue
        is_bare = not found["century"] and not found["sign"]
        if is_bare and found["year"] == "07" and int(found["day"]) > 60:
            continue  # a mobile number that could be read as a coordination number
        if _has_check_digit(found):
            yield found.start(), found.end(), PERSONAL_NUMBER, PROBABLE if is_bare else CERTAIN
        elif _is_written_as_one(found):
            yield found.start(), found.end(), UNCHECKED_NUMBER, PROBABLE


def _is_written_as_one(found: re.Match[str]) -> bool:
    """Tell a mistyped number from any ten or twelve digits: by its mark, or by a century and no hour in its end."""
    if (found["sign"] or "").strip():
        return True
    is_hour = found["last"][:2] < "24" and found["last"][2:] < "60"
    return bool(found["century"]) and not found["sign"] and not is_hour


def _is_well_set(found: re.Match[str]) -> bool:
    """Refuse marks that no one writes in one number, such as a time after a date, and the number 000, never given."""
    a, b, sign = found["a"], found["b"], found["sign"] or ""
    if a != b or (found["s"] and found["s"] != a) or found["last"].startswith("000"):
        return False
    return a in {"", " "} or sign.strip() != ""


def _is_date(found: re.Match[str]) -> bool:
    """Tell whether the digits hold a date of birth.

    A coordination number has 60 added to the day; month and day are 0 in it where they are not known (Skatteverket,
    SKV 707, samordningsnummer).
    """
    month, day = int(found["month"]), int(found["day"])
    is_coordination = day >= _COORDINATION
    day -= _COORDINATION if is_coordination else 0
    groups = found.groupdict()
    century, year = groups.get("century"), int(groups["year"])
    years = [int(century) * 100 + year] if century else [1900 + year, 2000 + year]
    if is_coordination and 0 in {month, day}:
        return month <= 12 and day <= 31
    return any(_exists(year, month, day) for year in years)


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


def _giros(text: str) -> Iterator[Candidate]:
    for found in _first(_GIRO, text):
        digits = [int(d) for d in found["number"] if d.isdigit()]
        is_right = 2 <= len(digits) <= 8 and luhn.is_valid("".join(map(str, digits)))
        yield found.start("number"), found.end("number"), "bankgiro", CERTAIN if is_right else PROBABLE
    for found in _first(_ACCOUNT, text):
        yield found.start("number"), found.end("number"), "bank_account", PROBABLE


def _addresses(text: str) -> Iterator[Candidate]:
    for found in _first(_STREET, text):
        name, kind = found["name"].casefold(), found["kind"].casefold()
        is_named = found.group()[0].isupper()
        if {name, f"{name}s"} & _NO_STREETS or (kind in _MUST_BE_NAMED and not is_named):
            continue
        yield found.start(), found.end(), "address", CERTAIN if is_named else PROBABLE


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
