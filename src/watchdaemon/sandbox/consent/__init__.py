"""How owners of accounts consent: every platform's authorize page, and the end-points that exchange what it gives.

It stands in front of a platform's own part of the sandbox and passes on what is none of its business. Bluesky has none:
its app passwords are made by hand.
"""

from watchdaemon.sandbox.consent.desk import APP_ID, APP_SECRET, Desk
from watchdaemon.sandbox.consent.doors import with_consent

__all__ = ["APP_ID", "APP_SECRET", "Desk", "with_consent"]
