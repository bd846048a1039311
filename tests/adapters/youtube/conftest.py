"""The fake YouTube behind the base URL; and every request of every test here is held against the discovery document."""

from collections.abc import Iterator

import pytest
import respx
from tests.adapters.youtube.fake import BASE_URL, FakeYouTube
from tests.conformance import youtube as description
from tests.conformance.wire import recorded


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    """A fake YouTube that answers at BASE_URL; any other address is refused."""
    fake = FakeYouTube()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=fake)
        yield fake


@pytest.fixture(autouse=True)
def _requests_are_described() -> Iterator[None]:
    """Fail the test that sends what the discovery document does not know, where that is at hand."""
    with recorded() as sent:
        yield
    if description.SPEC.exists():
        assert [fault for request in set(sent) for fault in description.faults_of(request)] == []
