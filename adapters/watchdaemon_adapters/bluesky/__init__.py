"""Bluesky: the AT Protocol's XRPC calls over the road. The adapter is imported when one is made, not before."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.bluesky.settings import read_settings


class BlueskyPlugin:
    """Makes the adapter."""

    name = "bluesky"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.bluesky]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.bluesky.adapter import BlueskyAdapter

        return BlueskyAdapter(read_settings(settings), context)


plugin = BlueskyPlugin()

__all__ = ["BlueskyPlugin", "plugin"]
