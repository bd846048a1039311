"""YouTube: Data API v3, by google-api-python-client. The SDK is imported at the first call, not before."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters.youtube.settings import read_settings


class YouTubePlugin:
    """Makes the adapter."""

    name = "youtube"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.youtube]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.youtube.adapter import YouTubeAdapter

        return YouTubeAdapter(read_settings(settings), context)


plugin = YouTubePlugin()

__all__ = ["YouTubePlugin", "plugin"]
