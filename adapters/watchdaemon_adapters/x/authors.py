"""Who wrote what: names by user id, kept between fetches.

X bills a user like two posts whenever one is expanded, on every day anew. So nothing is expanded: the ids that are not
known yet are looked up once, and their names kept for as long as the account hears from them.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from watchdaemon.errors import AdapterError, RetriableError
from watchdaemon_adapters.x.client import USERS_A_CALL, XClient
from watchdaemon_adapters.x.mapping import Author, read_author

# names of people who were not heard of for so long are forgotten
KEPT = timedelta(days=30)
MOST_KEPT = 1000
# where users cannot be looked up together, how many are asked for one by one
ONE_BY_ONE = 30


@dataclass
class AuthorBook:
    """The names that are known, each with the UTC day it was last wanted on."""

    today: date
    authors: dict[str, Author] = field(default_factory=dict)
    wanted_on: dict[str, date] = field(default_factory=dict)

    def learn(self, authors: Mapping[str, Author]) -> None:
        """Remember names that were told."""
        self.authors |= authors
        self.wanted_on |= dict.fromkeys(authors, self.today)

    def find(self, user_ids: Iterable[str], client: XClient) -> None:
        """Look up those that are not known.

        Raises:
            RetriableError: X did not answer; their posts shall be read again. A refusal is no such reason: who wrote
                a post is known by the id, only the name is not.
        """
        wanted = dict.fromkeys(user_ids)
        self.wanted_on |= {i: self.today for i in wanted if i in self.authors}
        missing = [i for i in wanted if i not in self.authors]
        for start in range(0, len(missing), USERS_A_CALL):
            self._look_up(missing[start : start + USERS_A_CALL], client)

    def _look_up(self, user_ids: list[str], client: XClient) -> None:
        try:
            self._keep(client.users(user_ids))
        except RetriableError:
            raise
        except AdapterError:
            for user_id in user_ids[:ONE_BY_ONE]:
                try:
                    self._keep([client.user(user_id)])
                except RetriableError:
                    raise
                except AdapterError:
                    continue

    def _keep(self, rows: Iterable[object]) -> None:
        self.learn(dict(found for found in map(read_author, rows) if found is not None))

    def __str__(self) -> str:
        """Write it as a cursor."""
        fresh = [i for i in self.authors if self.wanted_on[i] > self.today - KEPT]
        fresh = sorted(fresh, key=lambda i: self.wanted_on[i], reverse=True)[:MOST_KEPT]
        rows = [[i, self.authors[i].name, self.authors[i].username, self.wanted_on[i].isoformat()] for i in fresh]
        return json.dumps(rows, separators=(",", ":"), ensure_ascii=False)


def read_authors(text: str | None, now: datetime) -> AuthorBook:
    """Read the cursor "authors" back; what cannot be read is looked up again."""
    book = AuthorBook(today=now.astimezone(UTC).date())
    try:
        for user_id, name, username, day in json.loads(text or "[]"):
            found = read_author({"id": user_id, "name": name, "username": username})
            if found is not None:
                book.wanted_on[found[0]] = date.fromisoformat(day)
                book.authors[found[0]] = found[1]
    except (ValueError, TypeError, RecursionError):
        return AuthorBook(today=book.today)
    return book
