"""The fake X behind the adapter's base URL."""

from collections.abc import Iterator

import pytest
import respx
from tests.adapters.x.fake import BASE_URL, FakeX


@pytest.fixture
def x() -> Iterator[FakeX]:
    """A fake X that answers at BASE_URL; any other address is refused."""
    fake = FakeX()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=fake)
        yield fake
