"""The process: signals, systemd, the alarm clock, and one pass after another."""

from watchdaemon.daemon.loop import Daemon, run

__all__ = ["Daemon", "run"]
