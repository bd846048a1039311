"""The composition root: the one place where settings, store, adapters, rules and mail are joined.

`_app` joins them and holds the pass; `_parts` makes from the settings what needs more than a line; `_report` is what a
pass says of itself.
"""

from watchdaemon.app._app import App, build
from watchdaemon.app._parts import return_box, signed_links, smtp_mailer
from watchdaemon.app._report import PassReport

__all__ = ["App", "PassReport", "build", "return_box", "signed_links", "smtp_mailer"]
