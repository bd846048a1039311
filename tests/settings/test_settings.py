"""The configuration: what it gives, and how it says that something is wrong."""

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from watchdaemon.domain.calendar import ActivityPolicy, AnswerPolicy, CalendarPolicy, OfficeHours, WatchPolicy
from watchdaemon.domain.quota import Measure, QuotaPolicy
from watchdaemon.errors import ConfigError, Fault
from watchdaemon.settings import Settings, default_settings, find_config, load_settings
from watchdaemon.settings._load import known_keys

EXAMPLE = Path(__file__).parents[2] / "config" / "watchdaemon.example.toml"
SMALLEST = '[organisation]\nname = "Exempelkommun"\n[mail]\nsender = "watch@example.org"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "watchdaemon.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, text: str) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(folder, text))
    return list(caught.value.faults)


def uncommented(text: str) -> str:
    """The example with every optional key switched on."""
    return re.sub(r"^# ?((?:[a-z_]+|\d{4}-\d\d-\d\d) = )", r"\1", text, flags=re.MULTILINE).replace("closed = []\n", "")


def test_defaults_are_the_guidelines() -> None:
    settings = default_settings()

    assert settings.calendar_policy() == CalendarPolicy()
    assert settings.watch_policy() == WatchPolicy()
    assert settings.activity_policy() == ActivityPolicy()
    assert settings.answer_policy() == AnswerPolicy()
    assert settings.quota_policy() == QuotaPolicy()


def test_the_smallest_file_is_enough(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SMALLEST))

    assert settings.organisation.name == "Exempelkommun"
    assert settings.watch_policy() == WatchPolicy()


def test_the_example_loads_and_says_the_defaults() -> None:
    example, default = load_settings(EXAMPLE), default_settings()

    assert example.model_copy(update={"platforms": {}}) == default


def test_the_example_names_every_key_with_its_default(tmp_path: Path) -> None:
    text = uncommented(EXAMPLE.read_text("utf-8"))  # a password needs a database with users
    text = text.replace(
        "sqlite:////var/lib/watchdaemon/watchdaemon.sqlite3", "postgresql://watchdaemon@localhost/watch"
    )
    shown = load_settings(write(tmp_path, text))

    for table, keys in known_keys(Settings).items():
        section = shown if not table else getattr(shown, table)
        missing = set(keys) - section.model_fields_set
        assert not missing, f"[{table}] does not show {missing}"
    assert shown.watch == default_settings().watch
    assert shown.activity == default_settings().activity
    assert shown.quota.model_copy(update={"x_monthly_posts": None}) == default_settings().quota


def test_budgets_and_prices_reach_the_quota_policy(tmp_path: Path) -> None:
    text = SMALLEST + (
        "[quota]\nslow_percent = 60\nstop_percent = 80\nreserve_percent = 30\nyoutube_daily_units = 500\n"
        "x_monthly_posts = 1000\nx_own_app = true\nx_post_usd = 0.1\nx_owned_post_usd = 0.02\n"
        "x_user_usd = 0.3\nx_message_usd = 0.4\n"
    )

    policy = load_settings(write(tmp_path, text)).quota_policy()

    assert (policy.slow_percent, policy.stop_percent, policy.reserve_percent) == (60, 80, 30)
    assert (policy.youtube_daily_units, policy.x_monthly_posts) == (500, 1000)
    assert [str(policy.prices.of(m)) for m in Measure] == ["0", "0", "0.1", "0.02", "0.3", "0.4"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("slow_percent = 95", "must not be above stop_percent"),
        ("reserve_percent = 90", "must be below stop_percent"),
    ],
)
def test_levels_that_contradict_each_other_are_refused(tmp_path: Path, lines: str, words: str) -> None:
    (fault,) = faults_of(tmp_path, SMALLEST + f"[quota]\n{lines}\n")

    assert fault.key == f"quota.{lines.split(maxsplit=1)[0]}"
    assert words in fault.message


def test_every_value_reaches_its_policy(tmp_path: Path) -> None:
    text = SMALLEST.replace("[mail]", 'timezone = "Europe/Helsinki"\n[mail]') + (
        '[calendar]\ncountry = "fi"\neves_off = false\nclosed = [2026-12-28, "2026-12-29"]\n'
        'half_days = { 2026-12-23 = "08:00-12:00" }\noffice_hours = "07:30-16:00"\n'
        '[watch]\nwindows = ["07:00-09:00", "10:00-12:00", "14:00-16:00"]\nmin_gap = "1h30m"\nlook_back_days = 14\n'
        'non_working_days = "fetch"\ndigest_after = "20m"\nthreads = 4\n'
        "[answers]\nquote_is_answer = true\nmaybe_is_question = false\n[activity]\nwarn_days = 10\nclose_days = 20\n"
    )
    settings = load_settings(write(tmp_path, text))
    calendar, watch = settings.calendar_policy(), settings.watch_policy()

    assert (calendar.zone.key, calendar.country, calendar.eves_off) == ("Europe/Helsinki", "FI", False)
    assert calendar.closed == {date(2026, 12, 28), date(2026, 12, 29)}
    assert calendar.half_days == {date(2026, 12, 23): OfficeHours(opens=time(8), closes=time(12))}
    assert calendar.office_hours == OfficeHours(opens=time(7, 30), closes=time(16))
    assert [w.opens for w in watch.windows] == [time(7), time(10), time(14)]
    assert (watch.min_gap, watch.look_back) == (timedelta(minutes=90), timedelta(days=14))
    assert (watch.fetch_non_working_days, watch.digest_after) == (True, timedelta(minutes=20))
    assert settings.answer_policy() == AnswerPolicy(quote_is_answer=True, maybe_is_question=False)
    assert settings.activity_policy() == ActivityPolicy(warn_days=10, close_days=20)


@pytest.mark.parametrize(
    ("added", "key", "line", "message"),
    [
        ("[watch]\nwindow = []", "watch.window", 6, "unknown key (did you mean 'windows'?)"),
        ("[wacth]\nthreads = 1", "wacth", 5, "unknown key (did you mean 'watch'?)"),
        ("[watch]\nthreads = 'many'", "watch.threads", 6, "must be a whole number"),
        ("[watch]\nthreads = 0", "watch.threads", 6, "should be greater than or equal to 1"),
        ('[watch]\nwindows = ["08:00-17:00"]', "watch.windows", 6, "must name at least two windows"),
        ('[watch]\nwindows = [\n"08:00-12:00",\n"11:00-17:00"]', "watch.windows", 6, "overlap or are out of order"),
        ('[watch]\nwindows = ["13:00-17:00", "08:00-12:00"]', "watch.windows", 6, "overlap or are out of order"),
        ('[watch]\nwindows = [\n"08:00-12:00",\n"22:00-02:00"]', "watch.windows[1]", 8, "must open before it closes"),
        ('[watch]\nwindows = [\n"08:00-12:00",\n"13-17"]', "watch.windows[1]", 8, "must be written like"),
        ('[watch]\nwindows = ["08:00-12:00", "13:00-24:00"]', "watch.windows[1]", 6, "hour that does not exist"),
        ('[watch]\nwindows = ["05:00-06:00", "08:00-12:00"]', "watch.windows", 6, "within calendar.office_hours"),
        ('[watch]\nmin_gap = "9h"', "watch.min_gap", 6, "leaves no time to fetch in the window that closes at 17:00"),
        ('[watch]\nmin_gap = "soon"', "watch.min_gap", 6, "must be a length of time"),
        ("[watch]\nmin_gap = 2", "watch.min_gap", 6, "must be a length of time"),
        ('[calendar]\ncountry = "QX"', "calendar.country", 6, "known holiday calendar"),
        ('[calendar]\nclosed = ["christmas"]', "calendar.closed[0]", 6, "must be a date"),
        ('[calendar]\nhalf_days = { tomorrow = "08:00-12:00" }', "calendar.half_days", 6, "must be a date"),
        ("[activity]\nwarn_days = 200", "activity.warn_days", 6, "must be smaller than close_days"),
        ('[storage]\nurl = "mysql://h/d"', "storage.url", 6, "must begin with sqlite:/// or postgresql://"),
        ('[storage]\nurl = "postgresql://u:pw@h/d"', "storage.url", 6, "must not hold a password"),
        ('[storage]\npassword_credential = "db"', "storage.password_credential", 6, "needs an url with a user"),
        ("[credentials]\ndirectory = 3", "credentials.directory", 6, "not a valid path"),
        ('[log]\nlevel = "loud"', "log.level", 6, "should be 'debug', 'info', 'warning' or 'error'"),
        ('[web]\nlisten = "8470"', "web.listen", 6, "must be an address and a port"),
        ("[platforms]\nfacebook = 1", "platforms.facebook", 6, "must be a table"),
    ],
)
def test_a_fault_names_key_and_line(tmp_path: Path, added: str, key: str, line: int, message: str) -> None:
    faults = faults_of(tmp_path, SMALLEST + added + "\n")

    assert [(f.key.removesuffix(".tomorrow"), f.line) for f in faults] == [(key, line)]
    assert message in faults[0].message


@pytest.mark.parametrize(
    ("mail", "key", "message"),
    [
        ('sender = "not an address"', "mail.sender", "must be a mail address"),
        ('sender = "a@example.org\\nBcc: b@example.org"', "mail.sender", "must be a mail address"),
        ('sender = "a@example.org"\nsender_name = "a\\r\\nb"', "mail.sender_name", "one line of text"),
        ('sender = "a@example.org"\nusername = "u"', "mail.username", "goes together with password_credential"),
        ('sender = "a@example.org"\nhost = ""', "mail.host", "at least 1 character"),
        (
            'sender = "a@example.org"\nusername = "u"\npassword_credential = "smtp"\nhost = "mail.example.org"',
            "mail.security",
            "in the clear",
        ),
        ('sender = "a@example.org"\npassword_credential = "../etc"', "mail.password_credential", "plain name"),
        ("port = 25", "mail.sender", "is missing"),
    ],
)
def test_mail_settings_that_cannot_work_are_refused(tmp_path: Path, mail: str, key: str, message: str) -> None:
    faults = faults_of(tmp_path, f'[organisation]\nname = "E"\n[mail]\n{mail}\n')

    assert [f.key for f in faults] == [key]
    assert message in faults[0].message


def test_every_fault_is_named_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, '[organisation]\ntimezone = "Mars"\ncolour = "blue"\n[mail]\nprot = 25\n[nothing]\n')

    assert [(f.line, f.key) for f in faults] == [
        (1, "organisation.name"),
        (2, "organisation.timezone"),
        (3, "organisation.colour"),
        (4, "mail.sender"),
        (5, "mail.prot"),
        (6, "nothing"),
    ]


def test_a_fault_never_repeats_the_value(tmp_path: Path) -> None:
    path = write(tmp_path, SMALLEST + '[storage]\nurl = "postgresql://u:hemlis@h/d"\n')

    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert "hemlis" not in repr(caught.value.faults) + str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd", "/etc/passwd", "", "\x00", "Europe"])
def test_a_zone_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    text = SMALLEST.replace("[mail]", f"timezone = '{name}'\n[mail]") if "\x00" not in name else None
    text = text or SMALLEST.replace("[mail]", 'timezone = "\\u0000"\n[mail]')

    assert [f.key for f in faults_of(tmp_path, text)] == ["organisation.timezone"]


def test_relative_paths_are_taken_from_the_files_folder(tmp_path: Path) -> None:
    text = SMALLEST + '[storage]\nurl = "sqlite:///data/w.sqlite3"\n[credentials]\ndirectory = "secrets"\n'
    settings = load_settings(write(tmp_path, text))

    assert settings.storage.url == f"sqlite:///{tmp_path}/data/w.sqlite3"
    assert settings.credential_source().directory == tmp_path / "secrets"


def test_an_absolute_database_path_stays(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, SMALLEST + '[storage]\nurl = "sqlite:////srv/w.sqlite3"\n'))

    assert settings.storage.url == "sqlite:////srv/w.sqlite3"


def test_the_default_database_is_in_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/private/wd:/other")
    assert default_settings().storage.url == "sqlite:////var/lib/private/wd/watchdaemon.sqlite3"

    monkeypatch.delenv("STATE_DIRECTORY")
    assert default_settings().storage.url == "sqlite:////var/lib/watchdaemon/watchdaemon.sqlite3"


def test_the_databases_password_comes_from_its_credential(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("p@ss/word\n")
    text = (
        SMALLEST + '[storage]\nurl = "postgresql://wd@db.example.org:5433/watch?sslmode=require"\n'
        'password_credential = "db"\n[credentials]\ndirectory = "."\n'
    )
    url = load_settings(write(tmp_path, text)).database_url()

    assert url.get_secret_value() == "postgresql://wd:p%40ss%2Fword@db.example.org:5433/watch?sslmode=require"
    assert "ss%2F" not in repr(url)


def test_the_given_file_goes_before_the_environments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WATCHDAEMON_CONFIG", str(tmp_path / "env.toml"))

    assert find_config(tmp_path / "given.toml") == tmp_path / "given.toml"
    assert find_config() == tmp_path / "env.toml"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        default_settings().log.level = "debug"  # type: ignore[misc]  # that it is refused is the point


@pytest.mark.parametrize(
    ("mail", "told"),
    [
        ('bounces = "pop3://user@host/x"', "Maildir folder"),
        ('bounces = "imaps://host/INBOX"', "user"),
        ('bounces = "imaps://user:secret@host/INBOX"', "password"),
        ('bounces = "imap://user@mail.example.org/INBOX"\nbounces_credential = "b"', "imaps"),
        ('bounces = "imaps://user@host/INBOX"', "bounces_credential"),
        ("keep_days = 3", "keep_days"),
    ],
)
def test_a_mailbox_for_returned_mails_that_cannot_be_used_is_refused(tmp_path: Path, mail: str, told: str) -> None:
    text = SMALLEST.replace("[mail]\n", f"[mail]\n{mail}\n")

    with pytest.raises(ConfigError, match=told) as caught:
        load_settings(write(tmp_path, text))
    assert "secret" not in str(caught.value)


def test_files_of_the_mail_section_are_taken_from_the_configurations_folder(tmp_path: Path) -> None:
    text = SMALLEST.replace("[mail]\n", '[mail]\nca_file = "ca.pem"\nbounces = "returned"\n')

    mail = load_settings(write(tmp_path, text)).mail

    assert (mail.ca_file, mail.bounces) == (tmp_path / "ca.pem", str(tmp_path / "returned"))
