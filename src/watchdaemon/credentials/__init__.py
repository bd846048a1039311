"""Secrets at rest: encrypted in the database under a key from a file, refreshed by one refresher at a time."""

from watchdaemon.credentials._kept import CredentialFiles, KeptCredentials, Origin, Overview
from watchdaemon.credentials._keys import KeyRing, new_key

__all__ = ["CredentialFiles", "KeptCredentials", "KeyRing", "Origin", "Overview", "new_key"]
