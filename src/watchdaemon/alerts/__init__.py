"""To tell or not to tell, and why: alerts about accounts that are not watched, or soon will not be."""

from watchdaemon.alerts._access import (
    ACCESS_KINDS,
    WARN_DAYS,
    access_alerts,
    explained_accounts,
    without_explained,
)
from watchdaemon.alerts._notices import notices
from watchdaemon.alerts._rules import DAEMON_CAUSE, AlertPlan, alerts_for

__all__ = [
    "ACCESS_KINDS",
    "DAEMON_CAUSE",
    "WARN_DAYS",
    "AlertPlan",
    "access_alerts",
    "alerts_for",
    "explained_accounts",
    "notices",
    "without_explained",
]
