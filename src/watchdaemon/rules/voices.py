"""Who speaks for the organisation without its own profile: the guideline allows only the profile."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from watchdaemon.domain.item import Item

_SIGNED: Final = re.compile(
    r"[/\-–]\s?([^\W\d_]{2,20})(?:\s+[^\W\d_]+|,?\s+(?:på|vid|i|från)(?:\s+[^\W\d_]+){1,3})?[\s.!]*$"
)
_LOOK_AT: Final = 2_000


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """By what a person or a profile is known to speak for the organisation; all case-folded."""

    organisation: str = ""
    persons: frozenset[str] = frozenset()  # full names of the persons of the register
    signers: frozenset[str] = frozenset()  # first names of those who answer for the account

    @classmethod
    def of(cls, organisation: str, persons: Iterable[str], signers: Iterable[str] = ()) -> "OwnVoice":
        """Make it from names as they are written; a single name tells nobody from another."""
        full = frozenset(_folded(name) for name in persons if " " in name.strip())
        first = frozenset(_folded(name).split(" ")[0] for name in signers if name.strip())
        return cls(_folded(organisation), full, first)

    def speaks_in(self, item: Item) -> bool:
        """Tell whether an item by somebody else speaks as if it were the organisation's.

        Its author bears the organisation's name or is a person of the register, or the text greets or signs in its
        name ("Hej från Exempelkommun", "/Anna"). To speak *of* the organisation is not enough.
        """
        author = _folded(item.author or "")
        if author in self.persons or (self.organisation and _holds(author, self.organisation)):
            return True
        text = item.text[:_LOOK_AT].casefold()
        if self.organisation and self.organisation in text and _in_the_name_of(self.organisation).search(text):
            return True
        signed = _SIGNED.search(text) if self.signers else None
        return signed is not None and signed.group(1) in self.signers


NOBODY: Final = OwnVoice()


@lru_cache(maxsize=64)
def _in_the_name_of(organisation: str) -> re.Pattern[str]:
    name = re.escape(organisation)
    return re.compile(
        rf"\b(?:hej|hejsan|hälsningar|hälsning|mvh|hello|hi|greetings|regards)(?:\s+från|\s+from|,)?\s+{name}\b"
        rf"|\b(?:vi|jag)\s+(?:på|i|från|inom|som\s+jobbar\s+(?:på|i|för))\s+{name}\b"
        rf"|\b(?:svar\s+från|för|å|på)\s+{name}s?\s+(?:vägnar|räkning)\b|\bsvar\s+från\s+{name}\b"
        rf"|\b(?:we|i|all\s+of\s+us)\s+(?:at|from|in)\s+{name}\b|\bon\s+behalf\s+of\s+{name}\b"
        rf"|/\s?[^\W\d_]+[\s,]+{name}\s*$|\n\s*{name}\s*$"
    )


def _holds(text: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", text) is not None


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())
