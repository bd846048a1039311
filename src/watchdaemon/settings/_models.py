"""The configuration's sections as frozen models; what each key means is in ``config/watchdaemon.example.toml``."""

import os
from collections.abc import Mapping
from datetime import time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from watchdaemon.domain.alert import AlertPolicy
from watchdaemon.domain.calendar import (
    ActivityPolicy,
    AnswerPolicy,
    CalendarPolicy,
    OfficeHours,
    WatchPolicy,
    WindowSpec,
)
from watchdaemon.domain.quota import Prices, QuotaPolicy
from watchdaemon.errors import ConfigError
from watchdaemon.settings._credentials import FileCredentials
from watchdaemon.settings._values import (
    Address,
    Colour,
    Country,
    CredentialName,
    Day,
    Hours,
    IpAddress,
    Length,
    Line,
    Listen,
    PublicUrl,
    Zone,
)

if TYPE_CHECKING:
    from watchdaemon.ports import CredentialSource  # brings httpx, which a calendar on the command line can do without

_OFFICE_HOURS = OfficeHours()
_WATCH = WatchPolicy()
_QUOTA = QuotaPolicy()
_ALERTS = AlertPolicy()
_STATE_DIRECTORY = Path("/var/lib/watchdaemon")


def _default_url() -> str:
    """SQLite in systemd's state directory (the first, when there are several), else in the usual place."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    folder = Path(given) if given else _STATE_DIRECTORY
    return f"sqlite:///{folder / 'watchdaemon.sqlite3'}"


def _since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute)


class Section(BaseModel):
    """A table of the configuration: frozen, and an unknown key is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)


class OrganisationSettings(Section):
    """Whose accounts are watched."""

    name: Line = Field(min_length=1)
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("Europe/Stockholm"))
    language: Literal["sv", "en"] = "sv"
    colour: Colour = "#1f5c99"
    communications: tuple[Line, ...] = ()  # the communications unit: keys of persons of the register


class CalendarSettings(Section):
    """Which days are working days, and their hours."""

    country: Country = "SE"
    eves_off: bool = True
    closed: tuple[Day, ...] = ()
    half_days: Mapping[Day, Hours] = Field(default_factory=dict)
    office_hours: Hours = _OFFICE_HOURS


class WatchSettings(Section):
    """When accounts are fetched."""

    windows: tuple[Hours, ...] = tuple(OfficeHours(opens=w.opens, closes=w.closes) for w in _WATCH.windows)
    min_gap: Length = _WATCH.min_gap
    non_working_days: Literal["skip", "fetch"] = "skip"
    look_back_days: int = Field(default=_WATCH.look_back.days, ge=1, le=365)
    threads: int = Field(default=16, ge=1, le=256)
    digest_after: Length = _WATCH.digest_after

    @field_validator("windows")
    @classmethod
    def _windows_in_order(cls, windows: tuple[OfficeHours, ...]) -> tuple[OfficeHours, ...]:
        if len(windows) < 2:
            raise ValueError("must name at least two windows: every account is watched at least twice a working day")
        for earlier, later in pairwise(windows):
            if later.opens < earlier.closes:
                raise ValueError(
                    f"overlap or are out of order: one opens at {later.opens:%H:%M}, before "
                    f"the one above it closes at {earlier.closes:%H:%M}"
                )
        return windows

    @model_validator(mode="after")
    def _gap_fits(self) -> Self:
        """With the earliest possible fetches, each next window must still be open when the gap is over."""
        fetched = _since_midnight(self.windows[0].opens)
        for window in self.windows[1:]:
            fetched = max(_since_midnight(window.opens), fetched + self.min_gap)
            if fetched >= _since_midnight(window.closes):
                raise ValueError(f"min_gap: leaves no time to fetch in the window that closes at {window.closes:%H:%M}")
        return self


class AnswerSettings(Section):
    """What counts as an answer and as a question."""

    quote_is_answer: bool = False
    maybe_is_question: bool = True
    threshold: float = Field(default=0.35, ge=0.05, le=0.6)
    finish_working_days: int = Field(default=AnswerPolicy().finish_working_days, ge=1, le=60)


class ActivitySettings(Section):
    """When an account without own posts is called stale."""

    warn_days: int = Field(default=30, ge=1)
    close_days: int = Field(default=180, ge=1)

    @model_validator(mode="after")
    def _warn_comes_first(self) -> Self:
        if self.warn_days >= self.close_days:
            raise ValueError("warn_days: must be smaller than close_days")
        return self


class AlertSettings(Section):
    """To whom alerts go when, and how often. Days are working days, counted in office hours."""

    steps: tuple[float, float, float] = _ALERTS.steps
    repeats: tuple[float, ...] = _ALERTS.repeats
    overdue_to_manager: float = Field(default=_ALERTS.overdue_to_manager, ge=0, le=30)
    late_after: Length = _ALERTS.late_after
    secret_at_any_hour: bool = _ALERTS.secret_at_any_hour
    channels: Mapping[str, CredentialName] = Field(default_factory=dict)  # by person: where its apprise URL is

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for key, days in (("steps", self.steps), ("repeats", self.repeats)):
            if any(day <= 0 for day in days[:1]) or any(later < sooner for sooner, later in pairwise(days)):
                raise ValueError(f"{key}: must be numbers of working days above 0, none smaller than the one before it")
        return self


class StorageSettings(Section):
    """Where the database is."""

    url: str = Field(default_factory=_default_url)
    password_credential: CredentialName | None = None

    @model_validator(mode="after")
    def _password_has_a_user(self) -> Self:
        if self.password_credential is not None and not urlsplit(self.url).username:
            raise ValueError("password_credential: needs an url with a user, postgresql://user@host/name")
        return self

    @field_validator("url")
    @classmethod
    def _known_kind(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme.partition("+")[0] not in {"sqlite", "postgresql"}:
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if parts.password is not None:
            raise ValueError("must not hold a password: put it into a credential and name that as password_credential")
        return url


class MailSettings(Section):
    """The mail server, and who the mails come from."""

    sender: Address
    sender_name: Line | None = None  # None: the organisation's name
    reply_to: Address | None = None
    host: Line = Field(default="localhost", min_length=1)
    port: int = Field(default=25, ge=1, le=65_535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password_credential: CredentialName | None = None
    timeout: Length = timedelta(seconds=30)
    ca_file: Path | None = None
    local_hostname: Line | None = None
    bounce_address: Address | None = None  # None: the sender
    verp: bool = False
    bounces: str | None = None
    bounces_credential: CredentialName | None = None
    keep_days: int = Field(default=90, ge=7)

    @field_validator("bounces")
    @classmethod
    def _known_mailbox(cls, where: str | None) -> str | None:
        """A folder, or an IMAP address that names its user and keeps its password for the credential."""
        if where is None or "://" not in where:
            return where
        parts = urlsplit(where)
        if parts.scheme not in {"imaps", "imap"} or not parts.hostname or not parts.username:
            raise ValueError('must be a Maildir folder, or "imaps://user@host/INBOX" (a user with @ as %40)')
        if parts.password is not None:
            raise ValueError("must not hold a password: put it into a credential and name that as bounces_credential")
        if parts.scheme == "imap" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError('must be "imaps": the password would cross the network in the clear')
        return where

    @model_validator(mode="after")
    def _mailbox_is_whole(self) -> Self:
        if self.bounces is not None and "://" in self.bounces and self.bounces_credential is None:
            raise ValueError("bounces: an IMAP mailbox needs bounces_credential, the credential with its password")
        return self

    @model_validator(mode="after")
    def _login_is_whole(self) -> Self:
        if (self.username is None) != (self.password_credential is None):
            raise ValueError("username: goes together with password_credential; give both or neither")
        if self.username is not None and self.security == "none" and self.host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError(
                'security: must be "starttls" or "tls", or the password would cross the network in the clear'
            )
        return self


class CredentialSettings(Section):
    """Where secrets are read from."""

    directory: Path | None = None  # None: $CREDENTIALS_DIRECTORY
    key: CredentialName = "watchdaemon-key"  # the credential that holds the key for those in the database


class QuotaSettings(Section):
    """How carefully the platforms' budgets are used, and those that no platform tells of."""

    slow_percent: float = Field(default=_QUOTA.slow_percent, gt=0, le=100)
    stop_percent: float = Field(default=_QUOTA.stop_percent, gt=0, le=100)
    reserve_percent: float = Field(default=_QUOTA.reserve_percent, ge=0, lt=100)
    youtube_daily_units: int = Field(default=_QUOTA.youtube_daily_units, ge=1)
    x_monthly_posts: int | None = Field(default=_QUOTA.x_monthly_posts, ge=1)
    x_own_app: bool = _QUOTA.prices.has_own_app
    x_post_usd: Decimal = Field(default=_QUOTA.prices.post, ge=0)
    x_owned_post_usd: Decimal = Field(default=_QUOTA.prices.owned_post, ge=0)
    x_user_usd: Decimal = Field(default=_QUOTA.prices.user, ge=0)
    x_message_usd: Decimal = Field(default=_QUOTA.prices.message, ge=0)

    @model_validator(mode="after")
    def _levels_in_order(self) -> Self:
        if self.slow_percent > self.stop_percent:
            raise ValueError("slow_percent: must not be above stop_percent")
        if self.reserve_percent >= self.stop_percent:
            raise ValueError("reserve_percent: must be below stop_percent, or the first window would get nothing")
        return self


class WebSettings(Section):
    """The pages behind the links in mails; without `public_url` nothing is served and mails carry no links."""

    listen: Listen = "127.0.0.1:8470"
    public_url: PublicUrl | None = None
    link_days: int = Field(default=30, ge=1, le=365)
    key: CredentialName = "watchdaemon-web-key"
    proxies: tuple[IpAddress, ...] = ("127.0.0.1", "::1")

    @property
    def key_is_given(self) -> bool:
        """Whether the file names the key's credential, which must be there then."""
        return "key" in self.model_fields_set

    @property
    def place(self) -> tuple[str, int]:
        """`listen` as host and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)


class LogSettings(Section):
    """How much is logged, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json", "journal"] = "auto"


class Settings(Section):
    """The whole configuration."""

    organisation: OrganisationSettings
    calendar: CalendarSettings = CalendarSettings()
    watch: WatchSettings = WatchSettings()
    answers: AnswerSettings = AnswerSettings()
    activity: ActivitySettings = ActivitySettings()
    alerts: AlertSettings = AlertSettings()
    storage: StorageSettings = Field(default_factory=StorageSettings)
    mail: MailSettings
    credentials: CredentialSettings = CredentialSettings()
    platforms: Mapping[str, Mapping[str, object]] = Field(default_factory=dict)
    quota: QuotaSettings = QuotaSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _watched_in_working_time(self) -> Self:
        """The guideline asks for two times *during working hours*: windows at night do not count."""
        hours = self.calendar.office_hours
        within = [w for w in self.watch.windows if w.opens < hours.closes and w.closes > hours.opens]
        if len(within) < 2:
            raise ValueError(
                "watch.windows: at least two windows must lie within calendar.office_hours "
                f"({hours.opens:%H:%M}-{hours.closes:%H:%M})"
            )
        return self

    def calendar_policy(self) -> CalendarPolicy:
        """Return the calendar as the rules take it."""
        return CalendarPolicy(
            zone=self.organisation.timezone,
            country=self.calendar.country,
            eves_off=self.calendar.eves_off,
            closed=frozenset(self.calendar.closed),
            half_days=dict(self.calendar.half_days),
            office_hours=self.calendar.office_hours,
        )

    def watch_policy(self) -> WatchPolicy:
        """Return when and how far back to fetch, as the rules take it."""
        return WatchPolicy(
            windows=tuple(WindowSpec(opens=w.opens, closes=w.closes) for w in self.watch.windows),
            min_gap=self.watch.min_gap,
            look_back=timedelta(days=self.watch.look_back_days),
            fetch_non_working_days=self.watch.non_working_days == "fetch",
            digest_after=self.watch.digest_after,
        )

    def activity_policy(self) -> ActivityPolicy:
        """Return the limits for stale accounts, as the rules take them."""
        return ActivityPolicy(warn_days=self.activity.warn_days, close_days=self.activity.close_days)

    def alert_policy(self) -> AlertPolicy:
        """Return how alerts are told, as the rules take it."""
        return AlertPolicy(
            steps=self.alerts.steps,
            repeats=self.alerts.repeats,
            overdue_to_manager=self.alerts.overdue_to_manager,
            late_after=self.alerts.late_after,
            secret_at_any_hour=self.alerts.secret_at_any_hour,
        )

    def quota_policy(self) -> QuotaPolicy:
        """Return how budgets are used, as the rules take it."""
        quota = self.quota
        return QuotaPolicy(
            slow_percent=quota.slow_percent,
            stop_percent=quota.stop_percent,
            reserve_percent=quota.reserve_percent,
            youtube_daily_units=quota.youtube_daily_units,
            x_monthly_posts=quota.x_monthly_posts,
            prices=Prices(
                post=quota.x_post_usd,
                owned_post=quota.x_owned_post_usd,
                user=quota.x_user_usd,
                message=quota.x_message_usd,
                has_own_app=quota.x_own_app,
            ),
        )

    def answer_policy(self) -> AnswerPolicy:
        """Return what counts as an answer, as the rules take it."""
        return AnswerPolicy(
            quote_is_answer=self.answers.quote_is_answer,
            maybe_is_question=self.answers.maybe_is_question,
            finish_working_days=self.answers.finish_working_days,
        )

    def communications(self) -> tuple[str, ...]:
        """Return the keys of the persons who are the communications unit, as named, each once."""
        return tuple(dict.fromkeys(self.organisation.communications))

    def credential_source(self) -> FileCredentials:
        """Return where secrets are read from."""
        return FileCredentials(self.credentials.directory)

    def database_url(self, credentials: "CredentialSource | None" = None) -> SecretStr:
        """Return the database's address, with the password of `storage.password_credential` filled in.

        Raises:
            ConfigError: The credential cannot be read, or holds no password.
        """
        if self.storage.password_credential is None:
            return SecretStr(self.storage.url)
        fields = (credentials or self.credential_source()).read(self.storage.password_credential)
        secret = fields.get("password", fields.get("token"))
        if secret is None:
            raise ConfigError(f"storage.password_credential: {self.storage.password_credential!r} holds no password")
        parts = urlsplit(self.storage.url)
        user, _, place = parts.netloc.rpartition("@")
        netloc = f"{user}:{quote(secret.get_secret_value(), safe='')}@{place}"
        return SecretStr(urlunsplit(parts._replace(netloc=netloc)))
