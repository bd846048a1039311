"""The ``[platforms.mastodon]`` block, and at which instance an account is."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from watchdaemon.domain.account import Account
from watchdaemon.errors import ConfigError, Fault


class MastodonSettings(BaseModel):
    """What can be set for Mastodon; every key has a default that suits an instance of one's own choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = ""  # one address for every account (one instance for all, a sandbox); "" asks each account
    page_size: int = Field(default=80, ge=1, le=80)  # notifications a page; the listings of statuses stop at 40
    sweep_hours: int = Field(default=20, ge=0, le=168)  # every own thread is read again after this, whatever counts say
    lively_days: int = Field(default=3, ge=0, le=30)  # threads with anything younger are read at every fetch
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/")


def read_settings(block: Mapping[str, object]) -> MastodonSettings:
    """Validate the block. Raises ConfigError with a fault for every wrong key."""
    try:
        return MastodonSettings.model_validate(dict(block))
    except ValidationError as error:
        raise ConfigError(faults=[_fault(e["loc"], e["msg"]) for e in error.errors()]) from None


def instance_of(account: Account, settings: MastodonSettings, secrets: Mapping[str, SecretStr]) -> str | None:
    """Return the address of the account's instance, without a trailing slash; None when nothing says it.

    The first that is given of: `base_url` of the settings (so that a sandbox is reached by that alone), ``instance``
    in the account's `extra`, ``instance`` in the credential, the host of the account's link. The account's own words
    may be a bare host name, which means https.
    """
    of_credential = secrets["instance"].get_secret_value() if "instance" in secrets else ""
    for said in (settings.base_url, account.extra.get("instance", ""), of_credential, _origin(account.link)):
        if said:
            return (said if "://" in said else f"https://{said}").rstrip("/")
    return None


def _origin(link: str) -> str:
    """Return scheme and host of a link; only https, since a token goes there."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return f"https://{parts.netloc}" if parts.scheme == "https" and parts.netloc and "@" not in parts.netloc else ""


def _fault(location: tuple[int | str, ...], message: str) -> Fault:
    return Fault(file="", key=".".join(["platforms", "mastodon", *map(str, location)]), message=message)
