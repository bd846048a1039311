"""Whose token it is: asked once a UTC day, which is how often X bills for it, and kept beside the cursors. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import SecretStr

from watchdaemon.errors import AccountError, Reason
from watchdaemon_adapters.x.mapping import PLATFORM, is_handle


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """On which UTC day which credential was proven to be the account's, and the account's username then."""

    on: date
    proof: str
    handle: str | None

    def __str__(self) -> str:
        """Write it as a cursor."""
        return json.dumps([self.on.isoformat(), self.proof, self.handle])


def read_identity(text: str | None) -> Identity | None:
    """Read a cursor back; one that cannot be read counts as none."""
    try:
        on, proof, handle = json.loads(text or "")
        identity = Identity(on=date.fromisoformat(on), proof=proof, handle=handle)
    except (ValueError, TypeError, RecursionError):
        return None
    is_sound = handle is None or (isinstance(handle, str) and is_handle(handle))
    return identity if is_sound else None


def proof_of(secrets: Mapping[str, SecretStr]) -> str:
    """Return what tells one credential from another, and tells nothing about either."""
    whole = json.dumps(sorted((name, value.get_secret_value()) for name, value in secrets.items()))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def must_be(native_id: str, user: Mapping[str, object], *, account: str) -> None:
    """Refuse another account's token: public posts would look right, while messages would be somebody else's."""
    if str(user.get("id")) != native_id:
        message = "the token belongs to another X account"
        raise AccountError(message, platform=PLATFORM, reason=Reason.UNAUTHORISED, account=account)
