"""Facebook Pages: posts, comments, visitor posts, mentions and Messenger. The SDK is imported when it is first used."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters._graph.settings import read_settings
from watchdaemon_adapters.facebook.settings import FacebookSettings


class FacebookPlugin:
    """Makes the adapter."""

    name = "facebook"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.facebook]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.facebook.adapter import FacebookAdapter

        return FacebookAdapter(read_settings(FacebookSettings, settings, self.name), context)


plugin = FacebookPlugin()

__all__ = ["FacebookPlugin", "plugin"]
