"""What a person must look for, place by place, and why no machine does it."""

from collections.abc import Mapping
from dataclasses import dataclass

from watchdaemon.domain.fetch import Cover, KindCoverage
from watchdaemon.domain.item import ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A platform watched by a person.

    `absent` names the kinds that the platform does not have, with the reason; a person looks at all others, `notes`
    says what to think of.
    """

    name: str
    why: str
    absent: Mapping[ItemKind, str]
    notes: Mapping[ItemKind, str]

    def kinds(self) -> tuple[KindCoverage, ...]:
        """Return the coverage matrix."""
        return tuple(self._line(kind) for kind in ItemKind)

    def _line(self, kind: ItemKind) -> KindCoverage:
        if kind in self.absent:
            return KindCoverage(kind=kind, cover=Cover.NONE, note=self.absent[kind])
        note = "; ".join(part for part in (self.notes.get(kind, ""), self.why) if part)
        return KindCoverage(kind=kind, cover=Cover.BY_HAND, note=note)


MANUAL = Place(name="manual", why="no adapter reads this platform", absent={}, notes={})

TIKTOK = Place(
    name="tiktok",
    why="TikTok's API for businesses needs an app that TikTok has approved",
    absent={
        ItemKind.VISITOR_POST: "TikTok has none",
        ItemKind.REVIEW: "TikTok has none",
    },
    notes={
        ItemKind.COMMENT: "under old videos too, with the filtered comments",
        ItemKind.QUOTE: "duets and stitches",
        ItemKind.MESSAGE: "message requests too",
    },
)

LINKEDIN = Place(
    name="linkedin",
    why="LinkedIn gives its API for pages only after vetting, and limits how long what people wrote may be kept",
    absent={
        ItemKind.VISITOR_POST: "LinkedIn pages have none",
        ItemKind.REVIEW: "LinkedIn pages have none",
    },
    notes={
        ItemKind.QUOTE: "reposts with a text of their own",
        ItemKind.MESSAGE: "the page's inbox, which has no public API",
    },
)

GOOGLE_REVIEWS = Place(
    name="google_reviews",
    why="Google opens its API for reviews to one applicant at a time, for profiles verified long enough",
    absent={
        ItemKind.COMMENT: "a Google business profile has none",
        ItemKind.VISITOR_POST: "a Google business profile has none",
        ItemKind.MENTION: "a Google business profile has none",
        ItemKind.QUOTE: "a Google business profile has none",
        ItemKind.MESSAGE: "Google has closed the messages of business profiles",
    },
    notes={ItemKind.REVIEW: "edited ones come up again with a newer date"},
)
