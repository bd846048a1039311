"""The daemon's loop: something wakes it, it makes one pass over what is owed, and waits again."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

import structlog

from watchdaemon.app import App, PassReport
from watchdaemon.daemon.lock import InstanceLock
from watchdaemon.daemon.notify import Notifier
from watchdaemon.errors import WatchdaemonError

log = structlog.get_logger(__name__)

_LONGEST_WAIT_SECONDS = 30.0
"""How long the loop sleeps at most, so that it pats a slow watchdog often enough."""


class AlarmClock(Protocol):
    """Wakes the loop; knows nothing of what is due."""

    def start(self, wake: Callable[[], None]) -> None:
        """Begin to call `wake` now and then, on a thread of its own."""
        ...

    def stop(self) -> None:
        """Stop waking."""
        ...


class Companion(Protocol):
    """What runs beside the loop with the same parts, on threads of its own."""

    def tend(self, app: App) -> None:
        """Run with these parts, or go on doing so. Never raises for what befalls it; called again and again."""
        ...

    def stop(self) -> None:
        """End before the parts are closed."""
        ...


class _Nobody:
    """No companion."""

    def tend(self, app: App) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


class MinuteTick:
    """APScheduler as an alarm clock: at every full minute (windows and reports begin at full minutes)."""

    def __init__(self) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(timezone="UTC")

    def start(self, wake: Callable[[], None]) -> None:
        """Begin ticking. What is due is computed by the pass, so a missed or doubled tick does no harm."""
        from apscheduler.triggers.cron import CronTrigger

        trigger = CronTrigger(second=0, timezone="UTC")
        self._scheduler.add_job(wake, trigger, id="tick", coalesce=True, misfire_grace_time=None, max_instances=1)
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking without waiting for a tick under way."""
        self._scheduler.shutdown(wait=False)


class Daemon:
    """Runs passes until told to stop. Signals only set flags; the loop acts on them between two steps."""

    def __init__(
        self,
        make_app: Callable[[Callable[[], None]], App],
        *,
        notifier: Notifier,
        alarm: AlarmClock,
        companion: Companion | None = None,
    ) -> None:
        """Make a daemon. `make_app` reads the configuration and builds the parts; it is given the watchdog's pat."""
        self._make_app = make_app
        self._notifier = notifier
        self._alarm = alarm
        self._companion = companion or _Nobody()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._reload = False
        self._app: App | None = None

    def stop(self) -> None:
        """Finish the accounts in hand and end."""
        self._stop.set()
        self._wake.set()

    def reload(self) -> None:
        """Read the configuration again before the next pass."""
        self._reload = True
        self._wake.set()

    def wake(self) -> None:
        """Make a pass now."""
        self._wake.set()

    def run(self) -> None:
        """Run until `stop`. Raises ConfigError when the first configuration cannot be used."""
        self._app = self._make_app(self._notifier.alive)
        try:
            self._notifier.ready(self._app.summary())
            log.info("started", accounts=len(self._app.register().watched()))
            self._companion.tend(self._app)
            self._alarm.start(self.wake)
            self._wake.set()
            self._loop()
        finally:
            self._notifier.stopping()
            self._alarm.stop()
            self._companion.stop()
            self._app.close()
            log.info("stopped")

    def _loop(self) -> None:
        while not self._stop.is_set():
            woken = self._wake.wait(self._patience())
            self._notifier.alive()
            if not woken or self._stop.is_set():
                continue
            self._wake.clear()
            if self._reload:
                self._reload = False
                self._read_configuration()
            self._pass()

    def _patience(self) -> float:
        watchdog = self._notifier.watchdog
        return min(_LONGEST_WAIT_SECONDS, watchdog.total_seconds() / 3) if watchdog else _LONGEST_WAIT_SECONDS

    def _pass(self) -> None:
        assert self._app is not None  # noqa: S101 - run() made it
        self._companion.tend(self._app)
        try:
            report = self._app.pass_once(stop=self._stop)
        except WatchdaemonError as error:
            # A full disk, a locked database: the next tick tries again, and nothing was half done.
            log.error("pass_failed", error=type(error).__name__, detail=str(error))
            self._notifier.status(f"last pass failed: {type(error).__name__}: {error}")
            return
        if report.did_anything:
            log.info("pass_done", **report.counts())
        self._notifier.status(self._status(report))

    def _status(self, report: PassReport) -> str:
        assert self._app is not None  # noqa: S101 - run() made it
        return (
            f"{self._app.summary()}; {report.failed} failed in the last round" if report.failed else self._app.summary()
        )

    def _read_configuration(self) -> None:
        self._notifier.reloading()
        assert self._app is not None  # noqa: S101 - run() made it
        try:
            fresh = self._make_app(self._notifier.alive)
        except WatchdaemonError as error:
            log.error("configuration_not_reloaded", detail=str(error), kept="the configuration in use")
        else:
            self._companion.stop()
            self._app.close()
            self._app = fresh
            log.info("configuration_reloaded")
        self._notifier.ready(self._app.summary())


@contextmanager
def _signals(daemon: Daemon) -> Iterator[None]:
    def on_stop(_: int, __: FrameType | None) -> None:
        daemon.stop()

    def on_reload(_: int, __: FrameType | None) -> None:
        daemon.reload()

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, on_stop),
        signal.SIGINT: signal.signal(signal.SIGINT, on_stop),
        signal.SIGHUP: signal.signal(signal.SIGHUP, on_reload),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    make_app: Callable[[Callable[[], None]], App],
    *,
    lock_path: Path,
    notifier: Notifier | None = None,
    alarm: AlarmClock | None = None,
    companion: Companion | None = None,
) -> int:
    """Run the daemon in this process until SIGTERM or SIGINT; the exit code is for the command line.

    Raises:
        ConfigError: The configuration cannot be used.
        AlreadyRunningError: Another daemon, or a single pass, is at work on the same database.
    """
    daemon = Daemon(make_app, notifier=notifier or Notifier(), alarm=alarm or MinuteTick(), companion=companion)
    with InstanceLock(lock_path), _signals(daemon):
        daemon.run()
    return 0


__all__ = ["AlarmClock", "Companion", "Daemon", "MinuteTick", "run"]
