"""Platforms that no machine may read, or none of ours can: a person looks, twice a working day, and says so.

One adapter under several names: ``manual`` for any place at all, and one for each platform that is known well enough
to say what a person must look for there. Why each has no adapter that reads it: docs/coverage-by-hand.md.
"""

from collections.abc import Mapping

from watchdaemon.errors import ConfigError, Fault
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.manual.adapter import ManualAdapter
from watchdaemon_adapters.manual.places import GOOGLE_REVIEWS, LINKEDIN, MANUAL, TIKTOK, Place


class ManualPlugin:
    """Makes the adapter for one place."""

    def __init__(self, place: Place) -> None:
        """Take the place's name."""
        self.name = place.name
        self._place = place

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:  # noqa: ARG002 - nothing is fetched, so nothing of the context is needed
        """Make the adapter. Raises ConfigError for any setting: there are none."""
        if settings:
            faults = [
                Fault("", f"platforms.{self.name}.{key}", "accounts watched by a person have no settings")
                for key in settings
            ]
            raise ConfigError(f"[platforms.{self.name}] has faults", faults)
        return ManualAdapter(self._place)


manual = ManualPlugin(MANUAL)
tiktok = ManualPlugin(TIKTOK)
linkedin = ManualPlugin(LINKEDIN)
google_reviews = ManualPlugin(GOOGLE_REVIEWS)

__all__ = ["ManualPlugin", "google_reviews", "linkedin", "manual", "tiktok"]
