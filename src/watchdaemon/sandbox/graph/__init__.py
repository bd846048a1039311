"""The Graph API of Facebook Pages and Instagram professional accounts, as strict as the real one where it is known.

What the real platform does where its documentation is silent, the sandbox decides on the side that catches an
adapter's mistake: unknown parameters are refused, pages may be shorter than asked for, empty nested edges are omitted.
"""

from watchdaemon.sandbox.graph.app import create_app

__all__ = ["create_app"]
