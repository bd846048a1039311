"""Bluesky's XRPC over the sandbox's world: server and network view in one, as an account's own host shows them.

What an item's `extra` may say here: ``notify = no`` (no notification tells of it), ``created_at`` (what its author's
app wrote down instead of when it came), ``blocked = yes`` (its author and the account are in a block), ``lost_block =
yes`` (the same, and threads leave it out without a word), ``label`` (a moderator's), ``mention = no`` (a mention whose
text alone names the account). An app password is a token of the kind APP_PASSWORD; scope ``privileged`` lets it read
messages, scope ``main`` makes it the account's own.
"""

from watchdaemon.sandbox.bluesky.app import create_app

__all__ = ["create_app"]
