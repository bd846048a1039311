"""All parts, joined; and the pass, which is everything that the program does."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from time import sleep as wait

from pydantic import SecretStr

from watchdaemon.app._parts import mail_renderer, mail_secret, return_box, signed_links, smtp_mailer
from watchdaemon.app._report import PassReport
from watchdaemon.clock import system_clock
from watchdaemon.credentials import KeptCredentials
from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.question import QuestionState
from watchdaemon.domain.quota import BudgetReport
from watchdaemon.domain.watch import FetchAttempt
from watchdaemon.errors import AccountError, ConfigError, PluginError, Reason
from watchdaemon.http import Road
from watchdaemon.plugins import LoadedPlugins, load_plugins
from watchdaemon.ports import AdapterContext, Clock, CredentialSource, Mailer, PlatformAdapter, Sleep, Store
from watchdaemon.rules.schedule import current_window
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.alerts import AlertService
from watchdaemon.services.bounces import BounceService
from watchdaemon.services.channel import Channel
from watchdaemon.services.credentials import ConnectService, HealthService
from watchdaemon.services.digests import DigestService
from watchdaemon.services.judge import JudgeService
from watchdaemon.services.moderation import ModerationService
from watchdaemon.services.monthly import MonthlyService
from watchdaemon.services.outbox import OutboxService
from watchdaemon.services.poll import Errand, PollService
from watchdaemon.services.quota import QuotaService
from watchdaemon.services.reached import Reached
from watchdaemon.services.watching import WatchingService
from watchdaemon.services.weekly import WeeklyService
from watchdaemon.settings import Settings
from watchdaemon.storage import open_store
from watchdaemon.triage import classify

_CHANNEL_WAIT = 10.0
"""So many seconds a process that ends waits for what is on its way to a second channel."""


class App:
    """All parts, joined. One pass does everything that is owed at that instant; a second one right after, nothing."""

    def __init__(
        self,
        *,
        settings: Settings,
        store: Store,
        plugins: LoadedPlugins,
        road: Road,
        mailer: Mailer,
        clock: Clock,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.plugin_errors: tuple[PluginError, ...] = plugins.errors
        self.watch = settings.watch_policy()
        self.calendar = WorkCalendar(settings.calendar_policy())
        self.credentials = KeptCredentials(
            store, settings.credential_source(), key=settings.credentials.key, clock=clock
        )
        self._plugins = plugins
        self._road = road
        self._clock = clock
        self._on_progress = on_progress
        self._told_is_booked = False
        self._adapters: dict[str, PlatformAdapter] = {}
        self._adapters_lock = threading.Lock()
        self.links = signed_links(settings, store)
        renderer = mail_renderer(settings, self.links, mail_secret(store))
        self.watching = WatchingService(store=store, calendar=self.calendar, watch=self.watch)
        self.poller = PollService(
            store=store,
            adapters=self.adapter,
            clock=clock,
            threads=settings.watch.threads,
            on_progress=lambda _: on_progress(),
        )
        self.quota = QuotaService(
            store=store,
            adapters=self.adapter,
            calendar=self.calendar,
            watch=self.watch,
            policy=settings.quota_policy(),
            clock=clock,
        )
        self.reached = Reached()
        self._stop_hearing = [road.listen(self.quota.hear), road.listen(self.reached.hear)]
        self.judge = JudgeService(
            store=store,
            classify=partial(classify, threshold=settings.answers.threshold),
            calendar=self.calendar,
            answers=settings.answer_policy(),
            clock=clock,
            organisation=settings.organisation.name,
        )
        self.health = HealthService(store=store, adapters=self.adapter, clock=clock)
        self.moderation = ModerationService(store=store, adapters=self.adapter, clock=clock)
        self.connections = ConnectService(
            store=store, credentials=self.credentials, adapter_with=self._make_adapter, clock=clock
        )
        people = settings.alerts.channels
        self._channel = Channel(people, self._channel_address) if people else None
        self.alerts = AlertService(
            store=store,
            renderer=renderer,
            calendar=self.calendar,
            watch=self.watch,
            policy=settings.alert_policy(),
            activity=settings.activity_policy(),
            communications=settings.communications(),
            budgets=self.quota.report,
            channel=self._channel,
        )
        self.digests = DigestService(store=store, renderer=renderer, calendar=self.calendar, watch=self.watch)
        self.weekly = WeeklyService(
            store=store,
            renderer=renderer,
            calendar=self.calendar,
            watch=self.watch,
            activity=settings.activity_policy(),
        )
        self.monthly = MonthlyService(
            store=store,
            renderer=renderer,
            calendar=self.calendar,
            watch=self.watch,
            activity=settings.activity_policy(),
            readers=settings.communications(),
        )
        self.outbox = OutboxService(
            outbox=store, mailer=mailer, clock=clock, keep=timedelta(days=settings.mail.keep_days)
        )
        self.bounces = BounceService(store=store, box=return_box(settings))

    # ---- parts -------------------------------------------------------------------------------------------------

    def register(self) -> Register:
        """Return the register as it is stored now."""
        return self.store.load_register()

    def adapter(self, platform: str) -> PlatformAdapter:
        """Return the platform's adapter, made on first use.

        Raises:
            AccountError: There is no plug-in for it, or its plug-in or settings are at fault (NO_ADAPTER).
        """
        with self._adapters_lock:
            if platform not in self._adapters:
                self._adapters[platform] = self._make_adapter(platform, self.credentials)
            return self._adapters[platform]

    def _make_adapter(self, platform: str, credentials: CredentialSource) -> PlatformAdapter:
        plugin = self._plugins.plugins.get(platform)
        if plugin is None:
            broken = next((str(e) for e in self.plugin_errors if e.plugin == platform), None)
            raise AccountError(
                broken or f"no adapter for {platform}: install a plug-in for it or correct the account's platform",
                platform=platform,
                reason=Reason.NO_ADAPTER,
                cause_key=f"{platform}:no-adapter",
            )
        context = AdapterContext(
            road=self._road, credentials=credentials, clock=self._clock, look_back=self.watch.look_back
        )
        try:
            return plugin.create(self.settings.platforms.get(platform, {}), context)
        except Exception as error:
            # Settings it refuses are told in its words; anything else (a missing library, a fault of the plug-in's own)
            # by its class alone. Either way the other platforms go on.
            told = (
                str(error)
                if isinstance(error, ConfigError)
                else f"the {platform} adapter fails: {type(error).__name__}"
            )
            raise AccountError(
                told, platform=platform, reason=Reason.NO_ADAPTER, cause_key=f"{platform}:no-adapter"
            ) from error

    def _channel_address(self, credential: str) -> SecretStr:
        fields = self.settings.credential_source().read(credential)
        address = fields.get("url", fields.get("token"))
        if address is None:
            raise ConfigError(f"alerts.channels: {credential!r} holds no url")
        return address

    # ---- work --------------------------------------------------------------------------------------------------

    def pass_once(self, *, stop: threading.Event | None = None) -> PassReport:
        """Do everything that is owed now: fetch, judge, alert, digest, report, send.

        When `stop` is set, what is in hand is finished and the rest is left: the next pass finds it still owed.

        Raises:
            StorageError: The database does not answer; whatever was done before is kept.
        """
        stop = stop or threading.Event()
        register = self.register()
        now = self._clock()
        missed = self.watching.book_gaps(register, now)
        errands = self.quota.plan(self.watching.owed(register, now), register, now)
        attempts = self.poller.run(errands, stop=stop, hold=self.quota.hold)
        self.quota.flush()
        judged = self.judge.run(register)
        self._on_progress()
        now = self._clock()
        returned = self.bounces.run(register, now)
        alerts = self.alerts.run(register, now, gaps=self.watching.untold_gaps(), pause=self.watching.pause(now))
        self.watching.gaps_are_told()
        digests = self.digests.run(register, now)
        weekly = self.weekly.run(register, now)
        monthly = self.monthly.run(register, now)
        self._on_progress()
        sent = self.outbox.run(register, should_stop=stop.is_set)
        if sent.sent or not self._told_is_booked:
            # Also once at the start: a crash may have come between sending and booking.
            self.digests.book_told(register, now)
            self._told_is_booked = True
        # Last, so that a platform that is slow to answer keeps no mail waiting; the next pass tells what was found.
        checked = self.health.run(register, now, stop=stop, hold=self.quota.hold)
        self._on_progress()
        return PassReport(
            fetched=sum(a.coverage is not Coverage.FAILED for a in attempts),
            failed=sum(a.coverage is Coverage.FAILED and a.reason is not Reason.NOT_CONFIRMED for a in attempts),
            partly=sum(a.coverage is Coverage.PARTIAL for a in attempts),
            new_items=sum(a.new_items for a in attempts),
            judged=judged,
            missed_windows=missed,
            alerts_mailed=alerts,
            digests_queued=digests,
            weekly_queued=weekly,
            monthly_queued=monthly,
            credentials_checked=checked,
            sent=sent.sent,
            postponed=sent.postponed,
            bounced=sent.bounced,
            superseded=sent.superseded,
            returned=returned,
        )

    def poll(self, accounts: Sequence[str] | None = None) -> list[FetchAttempt]:
        """Fetch these accounts (None: every watched one) now, owed or not, budgets or not, and judge what came.

        Outside every watch window nothing is booked on the watch log.

        Raises:
            ConfigError: There is no account of that name.
        """
        register = self.register()
        window = current_window(self._clock(), self.calendar, self.watch)
        chosen = register.watched() if accounts is None else [self._account(register, key) for key in accounts]
        self.store.begin_watch([a.key for a in chosen if a.is_watched], at=self._clock())
        attempts = self.poller.run([Errand(account=a, window=window) for a in chosen])
        self.quota.flush()
        self.judge.run(register)
        return attempts

    def preview(self, kind: MailKind, person: str | None = None) -> list[OutgoingMail]:
        """Render what a person (None: everybody) would get now; queues and sends nothing."""
        register = self.register()
        if person is not None and person not in register.persons:
            raise ConfigError(f"no person {person!r} in the register; see `watchdaemon accounts list`")
        people = list(register.persons.values()) if person is None else [register.persons[person]]
        render: Mapping[MailKind, Callable[[Person, Register, datetime], OutgoingMail | None]] = {
            MailKind.DIGEST: self.digests.preview,
            MailKind.WEEKLY: self.weekly.preview,
            MailKind.MONTHLY: self.monthly.preview,
        }
        now = self._clock()
        return [mail for p in people if (mail := render[kind](p, register, now)) is not None]

    def quota_report(self) -> list[BudgetReport]:
        """Return every platform's budget as it stands, with forecast and price."""
        return self.quota.report(self.register(), self._clock())

    def summary(self) -> str:
        """Return one line for ``systemctl status``."""
        now = self._clock()
        watched = self.register().watched()
        waiting = self.store.questions(states=[QuestionState.OPEN])
        overdue = sum(q.is_overdue(now) for q in waiting)
        return f"watching {len(watched)} accounts; {len(waiting)} questions wait, {overdue} overdue"

    def close(self) -> None:
        """Give back threads, connections and files."""
        if self._channel is not None:
            self._channel.wait(_CHANNEL_WAIT)
        self.poller.close()
        self.health.close()
        for stop_hearing in self._stop_hearing:
            stop_hearing()
        self.quota.flush()
        self._road.close()
        self.store.close()

    def _account(self, register: Register, key: str) -> Account:
        if key not in register.accounts:
            raise ConfigError(f"no account {key!r} in the register; see `watchdaemon accounts list`")
        return register.accounts[key]


def build(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    sleep: Sleep = wait,
    road: Road | None = None,
    mailer: Mailer | None = None,
    on_progress: Callable[[], None] = lambda: None,
) -> App:
    """Join the parts that the settings name.

    Raises:
        ConfigError: A setting or credential cannot be used.
        StorageError: The database cannot be opened.
    """
    store = open_store(settings.database_url().get_secret_value())
    try:
        return App(
            settings=settings,
            store=store,
            plugins=load_plugins(),
            road=road or Road(sleep=sleep),
            mailer=mailer or smtp_mailer(settings),
            clock=clock,
            on_progress=on_progress,
        )
    except BaseException:
        store.close()
        raise
