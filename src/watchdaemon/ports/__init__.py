"""What the program needs from the outside, as Protocols owned by their consumers.

Every time is aware UTC. Every store method raises `StorageError` and nothing else on a database fault; each method is
one transaction and safe to call from any thread.

Import from here; the parts are for reading. Adapters: `_adapters`, `_connecting` and `_credentials`. Stores: a part for
each subject, of the same name as the one that keeps it in `storage`, and `_store` for the whole. Mail: `_mail`.
"""

from watchdaemon.ports._adapters import (
    AdapterContext,
    AdapterPlugin,
    CoversByAccount,
    EstimatesCost,
    Moderator,
    PlatformAdapter,
    Probes,
    SharesBudget,
)
from watchdaemon.ports._alerts import AlertStore
from watchdaemon.ports._clock import Clock, Sleep
from watchdaemon.ports._connecting import Ask, Connector, Connects, Consent, Way
from watchdaemon.ports._credentials import CredentialRecords, CredentialSource, CredentialStore, Refresh
from watchdaemon.ports._items import ItemStore, PendingThread, Saved
from watchdaemon.ports._links import LinkBook, Links
from watchdaemon.ports._mail import Mailer, Renderer, ReturnBox
from watchdaemon.ports._moderation import ModerationBook
from watchdaemon.ports._outbox import Outbox
from watchdaemon.ports._questions import Case, Classifier, QuestionStore
from watchdaemon.ports._quota import QuotaStore
from watchdaemon.ports._register import RegisterStore
from watchdaemon.ports._state import StateStore
from watchdaemon.ports._store import Store, Together
from watchdaemon.ports._watch import WatchLog

__all__ = [
    "AdapterContext",
    "AdapterPlugin",
    "AlertStore",
    "Ask",
    "Case",
    "Classifier",
    "Clock",
    "Connector",
    "Connects",
    "Consent",
    "CoversByAccount",
    "CredentialRecords",
    "CredentialSource",
    "CredentialStore",
    "EstimatesCost",
    "ItemStore",
    "LinkBook",
    "Links",
    "Mailer",
    "ModerationBook",
    "Moderator",
    "Outbox",
    "PendingThread",
    "PlatformAdapter",
    "Probes",
    "QuestionStore",
    "QuotaStore",
    "Refresh",
    "RegisterStore",
    "Renderer",
    "ReturnBox",
    "Saved",
    "SharesBudget",
    "Sleep",
    "StateStore",
    "Store",
    "Together",
    "WatchLog",
    "Way",
]
