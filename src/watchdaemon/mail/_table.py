"""A table that goes with a mail, as a file that a spreadsheet opens: nothing is left out because a mail has an end.

Semicolons and a byte order mark, because that is what Excel opens with a double click where a decimal comma is in use
(Sweden; Microsoft's support article "Import or export text (.txt or .csv) files" names the system's list separator),
and other programs ask or find out. RFC 4180 otherwise: CRLF, every cell in quotes.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO

from watchdaemon.mail import _clean
from watchdaemon.mail._message import Attachment

_CELL_LIMIT = 30_000  # Excel cuts a cell at 32,767 characters
_STARTS_A_FORMULA = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"^(?=[\s'\"]*[{_STARTS_A_FORMULA}])")
_FORMULA_BEHIND_ANOTHER_SEPARATOR = re.compile(rf"(?<=[,;|])(?=[\s'\"]*[{_STARTS_A_FORMULA}])")


def table(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Attachment:
    """Write a table; None is an empty cell. Texts from outside may be given as they are."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(title) for title in head])
    for row in rows:
        writer.writerow([cell(value) for value in row])
    return Attachment(name=name, content=out.getvalue().encode("utf-8-sig"))


def cell(value: object) -> str:
    """Return what stands in a cell: one line that no spreadsheet takes for a formula.

    A cell that begins with =, +, - or @ is one (OWASP, "CSV Injection"), also one that only begins so for a program
    that parts the line at commas. An apostrophe in front makes it a text.
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = _clean.line(str(value), limit=_CELL_LIMIT)
    return _FORMULA_BEHIND_ANOTHER_SEPARATOR.sub("'", _FORMULA.sub("'", text))
