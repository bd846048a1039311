"""How things are named and citizens' texts made harmless, for other rooms that show them to the same people."""

from watchdaemon.mail._clean import block, line, link, name, trim
from watchdaemon.mail._common import AccountView, account_view, kind_name, platform_name

__all__ = ["AccountView", "account_view", "block", "kind_name", "line", "link", "name", "platform_name", "trim"]
