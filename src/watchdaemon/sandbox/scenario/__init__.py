"""Ready-made worlds: an invented municipality, its accounts, its people, and what they write to each other."""

from watchdaemon.sandbox.scenario.build import Scenario, exempelkommun

__all__ = ["Scenario", "exempelkommun"]
