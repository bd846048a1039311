"""Threads' API, as strict as its reference: unknown fields and parameters are refused, lists may end without saying so.

Where the reference is silent the sandbox decides on the side that catches an adapter's mistake: lists have cursors and
no ``next`` (as the reference's own samples), a held reply is in no conversation and cannot be read by its id, and a
post without reply approvals has no queue at all.
"""

from watchdaemon.sandbox.threads.app import create_app

__all__ = ["create_app"]
