"""X (formerly Twitter): API v2, by tweepy. The SDK is imported when a client is made, not before."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.x.settings import read_settings


class XPlugin:
    """Makes the adapter."""

    name = "x"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.x]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.x.adapter import XAdapter

        return XAdapter(read_settings(settings), context)


plugin = XPlugin()

__all__ = ["XPlugin", "plugin"]
