"""The numbers in the demo's mails, read as a reader reads them, are what the database says of that instant.

Nothing of the program counts here: the mails are taken apart as text, and the database is asked in SQL of its own.
"""

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from statistics import median_low

import pytest
from tests.acceptance.conftest import PROGRAM, Demo

from watchdaemon.mail.language import catalog

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]

SECTIONS = {
    "overdue": "Overdue",
    "due_today": "To be answered today",
    "new": "Waiting for an answer",
    "to_finish": "Promised answers to finish",
    "remove": "To be looked at for removal",
    "maybe": "Possible questions",
}

# How each item of these accounts stood at an instant, by the steps of its life that were noticed until then.
STANDING = """
with last as (
    select max(id) as id from question_steps where noticed_at <= :at group by account, external_id
)
select s.account, v.grade, v.due_at, v.finish_due_at, s.state, s.is_holding, s.needs_removal,
       i.visibility in ('hidden', 'deleted') and i.changed_at <= :at as out_of_sight,
       coalesce(s."by", '') like 'person:%' as by_person
from question_steps s join last on last.id = s.id
join verdicts v on v.account = s.account and v.external_id = s.external_id
join items i on i.account = s.account and i.external_id = s.external_id
"""

SECTION = """
case when needs_removal and state is not 'removed' and state is not 'gone' and state is not 'dismissed'
          and not out_of_sight then 'remove'
     when state = 'answered' and is_holding then 'to_finish'
     when state is not 'open' then null
     when grade = 'maybe' and not by_person then 'maybe'
     when due_at <= :at then 'overdue'
     when date(due_at) = date(:at) then 'due_today'
     else 'new' end
"""


@dataclass(frozen=True)
class Mail:
    """A mail as it was read: in which language, when, and its words."""

    subject: str
    to: str
    at: datetime
    text: str
    language: str

    def word(self, english: str) -> str:
        """Return our word in the mail's language."""
        return catalog(self.language).gettext(english)

    @property
    def instant(self) -> str:
        """When it was made, as the database writes instants."""
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00"

    def number(self, pattern: str) -> int:
        """Return the number that a pattern finds in the subject; 0 when it does not."""
        found = re.search(rf"(\d+) {pattern}", self.subject)
        return int(found[1]) if found else 0


def read(message: EmailMessage) -> Mail:
    body = message.get_body(("plain",))
    assert body is not None
    to = message["To"].addresses[0].addr_spec
    text = str(body.get_content()).replace("\r\n", "\n")
    return Mail(
        subject=str(message["Subject"]),
        to=to,
        at=message["Date"].datetime,
        text=text,
        language=str(message["Content-Language"]),
    )


def mails(demo: Demo, kind: str) -> Iterator[Mail]:
    for _, message in demo.mails():
        if re.search(rf"(^<|\.){kind}\.watchdaemon\.", str(message["List-Id"])):
            yield read(message)


@pytest.fixture(scope="module")
def database(demo: Demo) -> Iterator[sqlite3.Connection]:
    """The demo's database, for reading."""
    with closing(sqlite3.connect(f"file:{demo.out / 'watchdaemon.sqlite3'}?mode=ro", uri=True)) as connection:
        yield connection


def account_keys(database: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return accounts by name and platform, as mails name them."""
    rows = database.execute("select name, lower(platform), key from accounts")
    return {(name, platform): key for name, platform, key in rows}


def marks(many: list[str]) -> str:
    return ", ".join(f"'{one}'" for one in many)


# ---- digests


def watched_in(mail: Mail, known: dict[tuple[str, str], str]) -> list[str]:
    """Return the accounts of the mail's foot: all that its reader reads."""
    foot = mail.text.partition(mail.word("How the watching stands").upper())[2]
    named = re.findall(r"^- (.+) \(([^()]+)\): ", foot, re.MULTILINE)
    return [known[name, platform.lower()] for name, platform in named]


def counted(database: sqlite3.Connection, mail: Mail, accounts: list[str]) -> dict[str, int]:
    query = (
        f"select section, count(*) from (select *, {SECTION} as section from ({STANDING})) "  # noqa: S608 - our own keys
        f"where section is not null and account in ({marks(accounts)}) group by section"
    )
    return dict(database.execute(query, {"at": mail.instant}))


def shown_in(mail: Mail) -> dict[str, int]:
    """Return each heading's number, and hold it to the items below it."""
    shown = {}
    for section, english in SECTIONS.items():
        found = re.search(rf"^{re.escape(mail.word(english).upper())} \((\d+)\)\n-+\n", mail.text, re.MULTILINE)
        if found:
            shown[section] = int(found[1])
            below = re.split(r"^-{5,}$", mail.text[found.end() :], maxsplit=1, flags=re.MULTILINE)[0]
            assert len(re.findall(r"^\d+\. ", below, re.MULTILINE)) == shown[section], mail.subject
    return shown


def test_every_digests_sections_and_subject_are_what_the_database_counts(
    demo: Demo, database: sqlite3.Connection
) -> None:
    known = account_keys(database)
    read_mails = list(mails(demo, "digest"))

    for mail in read_mails:
        expected = counted(database, mail, watched_in(mail, known))
        waiting = sum(expected.get(section, 0) for section in ("overdue", "due_today", "new"))

        assert shown_in(mail) == expected, (mail.subject, mail.at)
        assert mail.number(r"(frågor väntar|fråga väntar|questions? waiting)") == waiting, mail.subject
        assert mail.number(r"(försenad|overdue)") == expected.get("overdue", 0), mail.subject

    assert len(read_mails) > 100


def test_no_digest_comes_without_news(demo: Demo) -> None:
    """News: an item that the person's last digest did not have in that section; or a morning with something overdue."""
    last: dict[str, set[tuple[str, str]]] = {}

    for mail in mails(demo, "digest"):
        items = items_of(mail)
        is_reminder = mail.at.hour < 12 and any(section == "overdue" for section, _ in items)
        asks_for_a_look = mail.word("Look yourself").upper() in mail.text

        assert items - last.get(mail.to, set()) or is_reminder or asks_for_a_look, (mail.to, mail.subject, mail.at)
        last[mail.to] = items


def items_of(mail: Mail) -> set[tuple[str, str]]:
    """Return the section and the link of each item shown."""
    found, section = set(), ""
    titles = {mail.word(english).upper(): section for section, english in SECTIONS.items()}
    for line in mail.text.split("\n"):
        title = re.sub(r" \(\d+\)$", "", line)
        section = titles.get(title, section)
        if re.fullmatch(rf"   {mail.word('Open on %(platform)s').replace('%(platform)s', '.+')}: (\S+)", line):
            found.add((section, line.rpartition(" ")[2]))
    return found


# ---- weekly reports


def week_of(mail: Mail) -> tuple[str, str]:
    """Return the first and last date of the week that a report of `mail.at` is about."""
    monday = mail.at.date() - timedelta(days=mail.at.weekday() + 7)
    return monday.isoformat(), (monday + timedelta(days=6)).isoformat()


def rows_of(mail: Mail, known: dict[tuple[str, str], str]) -> Iterator[tuple[str, str]]:
    """Yield each account's key with its paragraph."""
    for found in re.finditer(r"^(.+) \(([^()]+)\)\n-+\n((?:.+\n)+)", mail.text, re.MULTILINE):
        yield known[found[1], found[2].lower()], found[3]


def test_every_row_of_every_weekly_report_is_what_the_database_counts(demo: Demo, database: sqlite3.Connection) -> None:
    known = account_keys(database)
    rows = 0

    for mail in mails(demo, "weekly"):
        overdue = 0
        for account, paragraph in rows_of(mail, known):
            check_watching(mail, account, paragraph, database)
            overdue += check_questions(mail, account, paragraph, database)
            check_answers(mail, account, paragraph, database)
            rows += 1
        assert mail.number(r"(försenade? fr|overdue question)") == overdue, mail.subject

    assert (
        rows
        == 2 * database.execute("select count(*) from accounts where status in ('approved', 'resting')").fetchone()[0]
    )


def check_watching(mail: Mail, account: str, paragraph: str, database: sqlite3.Connection) -> None:
    query = """select count(*), sum(coverage = 'complete'), sum(coverage = 'partial') from watch_entries
               where account = ? and window_on between ? and ? and closes_at <= ?"""
    owed, watched, partly = database.execute(query, (account, *week_of(mail), mail.instant)).fetchone()
    line = field(mail, paragraph, "Watched")

    assert [int(n) for n in re.findall(r"\d+", line)] == [watched, owed, *([partly] if partly else [])], line


def check_questions(mail: Mail, account: str, paragraph: str, database: sqlite3.Connection) -> int:
    query = f"select count(*), coalesce(sum(due_at <= :at), 0) from ({STANDING}) where state = 'open' and account = :of"  # noqa: S608 - our own
    waiting, overdue = database.execute(query, {"at": mail.instant, "of": account}).fetchone()
    line = field(mail, paragraph, "Questions")

    assert [int(n) for n in re.findall(r"\d+", line)] == [n for n in (waiting, overdue) if n], line
    return int(overdue)


def check_answers(mail: Mail, account: str, paragraph: str, database: sqlite3.Connection) -> None:
    query = """
        with last as (select max(id) as id from question_steps where noticed_at <= ? group by account, external_id)
        select v.answered_at <= v.due_at, v.response_minutes from question_steps s join last on last.id = s.id
        join verdicts v on v.account = s.account and v.external_id = s.external_id
        where s.state in ('answered', 'forwarded') and s.account = ? and date(v.answered_at, '+1 hour') between ? and ?
    """
    answers = database.execute(query, (mail.instant, account, *week_of(mail))).fetchall()
    in_time, late = sum(ok for ok, _ in answers), sum(not ok for ok, _ in answers)
    line = field(mail, paragraph, "Answers")
    numbers = [] if not answers else [in_time] if not late else [in_time, late]

    assert [int(n) for n in re.findall(r"\d+", line)] == numbers, (account, line)
    if answers:
        assert minutes(field(mail, paragraph, "Time to answer")) == rounded(median_low(m for _, m in answers))


def field(mail: Mail, paragraph: str, english: str) -> str:
    found = re.search(rf"^{mail.word(english)}: (.*)$", paragraph, re.MULTILINE)
    assert found, (english, paragraph)
    return found[1]


def minutes(length: str) -> int:
    hours, rest = re.search(r"(\d+) (?:tim|h)\b", length), re.search(r"(\d+) min\b", length)
    return (int(hours[1]) * 60 if hours else 0) + (int(rest[1]) if rest else 0)


def rounded(length: int) -> int:
    """From ten hours on a mail leaves the minutes out."""
    return length if length < 600 else length // 60 * 60


# ---- the monthly overview


@pytest.fixture(scope="module")
def overview(demo: Demo) -> str:
    """What the communications unit would get on the first of December."""
    config = demo.out / "with-a-unit.toml"
    written = (demo.out / "watchdaemon.toml").read_text()
    reader = "" if "communications =" in written else 'communications = ["karin"]\n'
    config.write_text(written.replace("[organisation]\n", f"[organisation]\n{reader}", 1))
    run = [str(PROGRAM), "mail", "preview", "monthly", "--config", str(config), "--at", "2026-12-01T08:00"]
    return subprocess.run(run, check=True, capture_output=True, text=True).stdout


def test_the_monthly_overviews_totals_are_what_the_database_counts(overview: str, database: sqlite3.Connection) -> None:
    at = "2026-12-01T07:00:00.000000+00:00"
    month = "between '2026-11-01' and '2026-11-30'"
    # The demo ends on Monday 30 November before its windows: those two were owed of every account, and not watched.
    owed, watched = database.execute(
        f"""select count(*) + 2 * count(distinct account), sum(coverage = 'complete') from watch_entries
            where window_on {month}"""  # noqa: S608 - our own
    ).fetchone()
    due, in_time = database.execute(
        f"""select count(*), sum(state in ('answered', 'forwarded') and answered_at <= due_at) from verdicts
            where state in ('open', 'answered', 'forwarded') and date(due_at) {month} and due_at <= '{at}'"""  # noqa: S608
    ).fetchone()
    overdue = database.execute(f"select count(*) from verdicts where state = 'open' and due_at <= '{at}'").fetchone()[0]  # noqa: S608
    accounts = database.execute("select count(*) from accounts where status <> 'closed'").fetchone()[0]

    assert re.search(rf"^Subject: Månadsöversikt, november 2026: \d+ av {accounts} konton", overview, re.MULTILINE)
    assert f"Bevakat: {watched * 100 // owed} % ({watched} av {owed})" in overview
    assert f"Besvarade i tid: {in_time * 100 // due} % ({in_time} av {due})" in overview
    assert f"Försenade nu: {overdue} fr" in overview
