"""X API v2 over the sandbox's world: it answers what X answers and refuses what X refuses.

What an item's `extra` may say here: ``mention = no`` (a reply whose author took the mention away), ``retweet_of`` (the
id of a post that is passed on), ``lang``. What an account's may: ``consumer_key`` and ``consumer_secret`` (then OAuth
1.0a signatures are checked), ``client_id`` (then renewals are held to it).
"""

from watchdaemon.sandbox.x.app import create_app

__all__ = ["create_app"]
