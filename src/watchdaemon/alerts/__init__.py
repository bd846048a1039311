"""To tell or not to tell, and why: alerts about accounts that are not watched."""

from watchdaemon.alerts._notices import notices
from watchdaemon.alerts._rules import DAEMON_CAUSE, AlertPlan, alerts_for

__all__ = ["DAEMON_CAUSE", "AlertPlan", "alerts_for", "notices"]
