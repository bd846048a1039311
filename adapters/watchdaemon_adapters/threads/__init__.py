"""Threads profiles: own posts, replies on every level, replies that wait for approval, and mentions."""

from collections.abc import Mapping

from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon_adapters._graph.settings import read_settings
from watchdaemon_adapters.threads.settings import ThreadsSettings


class ThreadsPlugin:
    """Makes the adapter."""

    name = "threads"

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        """Validate ``[platforms.threads]`` and make the adapter. Raises ConfigError."""
        from watchdaemon_adapters.threads.adapter import ThreadsAdapter

        return ThreadsAdapter(read_settings(ThreadsSettings, settings, self.name), context)


plugin = ThreadsPlugin()

__all__ = ["ThreadsPlugin", "plugin"]
