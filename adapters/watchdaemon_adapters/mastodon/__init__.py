"""Mastodon, and other servers of its client API: plain HTTP, each account at its own instance."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.mastodon.settings import read_settings


class MastodonPlugin:
    """Makes the adapter."""

    name = "mastodon"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.mastodon]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.mastodon.adapter import MastodonAdapter

        return MastodonAdapter(read_settings(settings), context)


plugin = MastodonPlugin()

__all__ = ["MastodonPlugin", "plugin"]
