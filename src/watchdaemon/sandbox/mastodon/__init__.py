"""One Mastodon instance over the sandbox's world: every Mastodon account of the world lives there.

It is stricter than Mastodon in one thing: parameters that a call does not have are refused, not ignored.

What an item's `extra` may say here:

- ``visibility``: ``unlisted`` or ``private``; messages are ``direct``
- ``mention = no``: a reply whose author took the name away
- ``notification``: ``filtered`` (held back by the account's policy) or ``none`` (muted, dismissed)
- ``arrived_at``: an ISO time; a status from elsewhere, known here only from then on
- ``warning``: a content warning; ``html``: the content as it is
- ``acct``: ``kim@exempel.example``, for an author from elsewhere
"""

from watchdaemon.sandbox.mastodon.app import create_app

__all__ = ["create_app"]
