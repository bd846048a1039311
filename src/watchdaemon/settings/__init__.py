"""The organisation's configuration: TOML into frozen models, every fault at once, and where secrets are read from."""

from watchdaemon.settings._credentials import FileCredentials
from watchdaemon.settings._load import CONFIG_VARIABLE, default_settings, find_config, load_settings
from watchdaemon.settings._models import (
    ActivitySettings,
    AnswerSettings,
    CalendarSettings,
    CredentialSettings,
    LogSettings,
    MailSettings,
    OrganisationSettings,
    Settings,
    StorageSettings,
    WatchSettings,
    WebSettings,
)

__all__ = [
    "CONFIG_VARIABLE",
    "ActivitySettings",
    "AnswerSettings",
    "CalendarSettings",
    "CredentialSettings",
    "FileCredentials",
    "LogSettings",
    "MailSettings",
    "OrganisationSettings",
    "Settings",
    "StorageSettings",
    "WatchSettings",
    "WebSettings",
    "default_settings",
    "find_config",
    "load_settings",
]
