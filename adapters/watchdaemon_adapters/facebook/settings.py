"""The ``[platforms.facebook]`` block."""

from watchdaemon_adapters._graph.settings import GraphSettings


class FacebookSettings(GraphSettings):
    """What can be set for Facebook; every key has a default that suits the real service."""

    visitor_posts: bool = True
    reels: bool = True
    live_videos: bool = True
    advertisements: bool = True  # posts that are shown as advertisements alone
    photos: bool = True  # comments under the single photos of a post with several, once a day
