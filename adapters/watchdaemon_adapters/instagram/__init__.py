"""Instagram professional accounts: media, comments, tags and direct messages, by the Graph over our own road."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters._graph.settings import read_settings
from watchdaemon_adapters.instagram.settings import InstagramSettings


class InstagramPlugin:
    """Makes the adapter."""

    name = "instagram"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.instagram]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.instagram.adapter import InstagramAdapter

        return InstagramAdapter(read_settings(InstagramSettings, settings, self.name), context)


plugin = InstagramPlugin()

__all__ = ["InstagramPlugin", "plugin"]
