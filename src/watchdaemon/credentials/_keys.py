"""The keys that seal credentials: one seals, older ones still open."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import SecretStr

from watchdaemon.errors import ConfigError
from watchdaemon.ports import CredentialSource

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet  # imported where it is used: a daemon with files only spares its memory

_PRIMARY = ("key", "token")  # a file with one bare line reads as "token"


def new_key() -> SecretStr:
    """Return a fresh key: 32 random bytes in URL-safe base64, as Fernet takes them."""
    from cryptography.fernet import Fernet

    return SecretStr(Fernet.generate_key().decode())


class KeyRing:
    """Seals and opens with the keys of one credential, read anew each time so that a new key is used at once.

    The credential is a file with one key, or a table: ``key`` seals, every other field is an older key that still
    opens what it sealed. Fernet is AES-128-CBC with HMAC-SHA256 (https://github.com/fernet/spec); what was altered does
    not open.
    """

    def __init__(self, source: CredentialSource, name: str) -> None:
        self._source = source
        self._name = name

    def check(self) -> None:
        """Raise ConfigError when there is no usable key."""
        self._fernet()

    def seal(self, name: str, facts: Mapping[str, object]) -> str:
        """Encrypt facts for the credential of that name. Raises ConfigError."""
        # The name is sealed in, so that nobody with the database alone can pass one account's token off as another's.
        plain = json.dumps({"name": name, "facts": facts}, ensure_ascii=False).encode()
        return self._fernet().encrypt(plain).decode()

    def open(self, name: str, sealed: str) -> Mapping[str, object]:
        """Decrypt what was sealed for that name.

        Raises:
            ConfigError: No key, or none of the keys fits, or it was sealed for another name.
        """
        from cryptography.fernet import InvalidToken

        try:
            loaded = json.loads(self._fernet().decrypt(sealed.encode()))
        except InvalidToken:
            raise ConfigError(
                f"credential {name!r} is stored encrypted, and no key in {self._name!r} opens it: put the key it was "
                "stored with there (as a second, older one), or connect the account again"
            ) from None
        if loaded.get("name") != name:
            raise ConfigError(f"credential {name!r}: what is stored under this name was stored for another one")
        facts: Mapping[str, object] = loaded["facts"]
        return facts

    def _fernet(self) -> "MultiFernet":
        from cryptography.fernet import Fernet, MultiFernet

        try:
            fields = self._source.read(self._name)
        except ConfigError as error:
            raise ConfigError(
                f"no key to encrypt credentials with: {error}. Make one with `watchdaemon credentials new-key` and put "
                f"it into a credential named {self._name!r} ([credentials] key)"
            ) from error
        primary = next((name for name in _PRIMARY if name in fields), None)
        if primary is None:
            raise ConfigError(f"credential {self._name!r} has no field named key")
        ordered = [fields[primary], *(value for name, value in fields.items() if name != primary)]
        try:
            return MultiFernet([Fernet(value.get_secret_value()) for value in ordered])
        except ValueError:
            # Not chained: the library's error may quote the key.
            raise ConfigError(
                f"credential {self._name!r} holds something that is not a key; `watchdaemon credentials new-key` "
                "makes one"
            ) from None
