"""To tell or not to tell, and why: what stands between the daemon and its promise, and who must know of it.

Which alerts there should be is said by `alerts_for` (the watch log), `access_alerts` (credentials) and the functions
of `_conditions` (the rest); to whom they go, by `ladder`; whether one is told now, by `decide`.
"""

from watchdaemon.alerts._access import (
    ACCESS_KINDS,
    WARN_DAYS,
    access_alerts,
    explained_accounts,
    without_explained,
)
from watchdaemon.alerts._conditions import (
    ITEM_KINDS,
    PAUSE_CAUSE,
    STATE_KINDS,
    compare,
    explained_by,
    item_alerts,
    mail_alerts,
    owner_alerts,
    pause_alert,
    quota_alerts,
    stale_alerts,
)
from watchdaemon.alerts._decide import NEVER_SILENT, Case, Decision, Manner, decide, next_reminder
from watchdaemon.alerts._notices import Round, Said, manner_of_alert, notices, tell
from watchdaemon.alerts._people import Staff, ladder, owners_missing
from watchdaemon.alerts._rules import DAEMON_CAUSE, LATE_PART, WATCH_KINDS, AlertPlan, Key, alerts_for, runs_late

__all__ = [
    "ACCESS_KINDS",
    "DAEMON_CAUSE",
    "ITEM_KINDS",
    "LATE_PART",
    "NEVER_SILENT",
    "PAUSE_CAUSE",
    "STATE_KINDS",
    "WARN_DAYS",
    "WATCH_KINDS",
    "AlertPlan",
    "Case",
    "Decision",
    "Key",
    "Manner",
    "Round",
    "Said",
    "Staff",
    "access_alerts",
    "alerts_for",
    "compare",
    "decide",
    "explained_accounts",
    "explained_by",
    "item_alerts",
    "ladder",
    "mail_alerts",
    "manner_of_alert",
    "next_reminder",
    "notices",
    "owner_alerts",
    "owners_missing",
    "pause_alert",
    "quota_alerts",
    "runs_late",
    "stale_alerts",
    "tell",
    "without_explained",
]
