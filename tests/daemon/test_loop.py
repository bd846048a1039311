"""The loop: wakes, passes, reloads, stops, and outlives a failing pass."""

import threading
from collections.abc import Callable
from typing import cast

from watchdaemon.app import App, PassReport
from watchdaemon.daemon.loop import Daemon
from watchdaemon.daemon.notify import Notifier
from watchdaemon.domain.account import Register
from watchdaemon.errors import ConfigError, StorageError


class FakeApp:
    """As much of the program as the loop touches."""

    def __init__(self, on_pass: Callable[[], PassReport]) -> None:
        self._on_pass = on_pass
        self.passes = 0
        self.is_closed = False

    def pass_once(self, *, stop: threading.Event) -> PassReport:
        """Count and do what the test says."""
        self.passes += 1
        return self._on_pass()

    def register(self) -> Register:
        """An empty one."""
        return Register()

    def summary(self) -> str:
        """One line."""
        return "watching 0 accounts"

    def close(self) -> None:
        """Remember it."""
        self.is_closed = True


class HandAlarm:
    """An alarm clock that rings when a test says so."""

    wake: Callable[[], None]
    is_running = False

    def start(self, wake: Callable[[], None]) -> None:
        """Keep the bell."""
        self.wake, self.is_running = wake, True

    def stop(self) -> None:
        """Fall silent."""
        self.is_running = False


class SpyNotifier(Notifier):
    """Remembers what systemd would hear."""

    def __init__(self) -> None:
        super().__init__({})
        self.said: list[str] = []

    def _send(self, message: str) -> None:
        self.said.append(message)


def run(
    plan: list[Callable[[Daemon], PassReport]], *, makes: list[FakeApp] | None = None
) -> tuple[SpyNotifier, HandAlarm]:
    """Run a daemon whose n-th pass does the n-th step of the plan; the last step has to stop it."""
    notifier, alarm = SpyNotifier(), HandAlarm()
    steps = iter(plan)
    made = makes if makes is not None else []

    def make(_: Callable[[], None]) -> App:
        app = FakeApp(lambda: next(steps)(daemon))
        made.append(app)
        return cast("App", app)

    daemon = Daemon(make, notifier=notifier, alarm=alarm)
    daemon.run()
    return notifier, alarm


def stops(daemon: Daemon) -> PassReport:
    """A pass during which SIGTERM comes."""
    daemon.stop()
    return PassReport()


def wakes_again(daemon: Daemon) -> PassReport:
    """A pass during which the alarm rings."""
    daemon.wake()
    return PassReport(fetched=1)


def fails(daemon: Daemon) -> PassReport:
    """A pass into a full disk."""
    daemon.wake()
    raise StorageError("database or disk is full")


def reloads(daemon: Daemon) -> PassReport:
    """A pass during which SIGHUP comes."""
    daemon.reload()
    return PassReport()


def test_it_is_ready_before_its_first_pass_and_says_when_it_stops() -> None:
    notifier, alarm = run([stops])

    assert notifier.said[0].startswith("READY=1")
    assert any(s.startswith("STOPPING=1") for s in notifier.said)
    assert not alarm.is_running


def test_a_pass_that_meets_a_full_disk_is_told_and_the_next_goes_on() -> None:
    made: list[FakeApp] = []

    notifier, _ = run([fails, wakes_again, stops], makes=made)

    assert made[0].passes == 3
    assert any("last pass failed: StorageError" in s for s in notifier.said)


def test_sighup_builds_the_parts_anew_and_closes_the_old_ones() -> None:
    made: list[FakeApp] = []

    notifier, _ = run([reloads, stops], makes=made)

    assert [(a.passes, a.is_closed) for a in made] == [(1, True), (1, True)]
    said = [s.split("\n")[0] for s in notifier.said]
    assert said.index("RELOADING=1") < len(said) - 1 - said[::-1].index("READY=1")


def test_a_faulty_configuration_at_sighup_leaves_the_old_one_at_work() -> None:
    notifier, alarm = SpyNotifier(), HandAlarm()
    steps = iter([reloads, stops])
    app = FakeApp(lambda: next(steps)(daemon))
    answers: list[Callable[[], App]] = [lambda: cast("App", app), _faulty]

    daemon = Daemon(lambda _: answers.pop(0)(), notifier=notifier, alarm=alarm)
    daemon.run()

    assert (app.passes, answers) == (2, [])


def _faulty() -> App:
    raise ConfigError("watchdaemon.toml:3: oops: there is no such table")
