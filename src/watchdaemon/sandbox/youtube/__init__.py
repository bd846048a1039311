"""YouTube Data API v3 over the sandbox's world: it answers what YouTube answers and refuses what YouTube refuses.

What an item's `extra` may say here: ``privacy`` (public, unlisted, private) and ``comments = off`` of a video. What an
account's may: ``client_id`` (then renewals are held to it), ``project`` (whose daily quota it uses).
"""

from watchdaemon.sandbox.youtube.app import create_app

__all__ = ["create_app"]
