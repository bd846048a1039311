"""The fake YouTube behind the adapter's base URL."""

from collections.abc import Iterator

import pytest
import respx
from tests.adapters.youtube.fake import BASE_URL, FakeYouTube


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    """A fake YouTube that answers at BASE_URL; any other address is refused."""
    fake = FakeYouTube()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=fake)
        yield fake
