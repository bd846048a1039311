"""An adapter that fetches nothing, and says so: the window is owed a person's look."""

from collections.abc import Iterator, Mapping, Sequence

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import (
    Coverage,
    CredentialHealth,
    Cursors,
    FetchResult,
    KindCoverage,
    Profile,
    Recheck,
    Trouble,
)
from watchdaemon.domain.item import Item
from watchdaemon.errors import AccountError, Reason
from watchdaemon_adapters.manual.places import Place

_ASKED = "no machine can read this account; a person is asked to look and to confirm it"


class ManualAdapter:
    """Answers for accounts on one place. No fetch is ever complete: only a person's word watches a window."""

    batch_size = 1000  # nothing is asked of anybody

    def __init__(self, place: Place) -> None:
        """Take the place's name and kinds."""
        self.name = place.name
        self._place = place

    def kinds(self) -> Sequence[KindCoverage]:
        """Return the coverage matrix: what a person looks at."""
        return self._place.kinds()

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:  # noqa: ARG002 - there are no cursors
        """Yield for each account that a person must look."""
        for account in accounts:
            trouble = Trouble(reason=Reason.NOT_CONFIRMED, detail=_ASKED)
            yield FetchResult(account=account.key, coverage=Coverage.FAILED, troubles=(trouble,))

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Yield that nothing is known: what a person wrote down stays as it was."""
        for item in items:
            yield Recheck(account=account.key, external_id=item.external_id, visibility=None)

    def profile(self, account: Account) -> Profile:
        """Refuse. Raises AccountError: no machine sees the profile."""
        raise AccountError(
            "no machine can read this account's profile; look at it yourself",
            platform=self.name,
            account=account.key,
            reason=Reason.UNSUPPORTED,
        )

    def credential(self, account: Account) -> CredentialHealth:
        """Tell that none is needed."""
        return CredentialHealth(account=account.key, is_valid=True, detail="none is needed: a person looks")
