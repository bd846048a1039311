"""The fake X behind the adapter's base URL; and every request of every test here is held against X's description."""

from collections.abc import Iterator

import pytest
import respx
from tests.adapters.x.fake import BASE_URL, FakeX
from tests.conformance import x as description
from tests.conformance.wire import recorded


@pytest.fixture
def x() -> Iterator[FakeX]:
    """A fake X that answers at BASE_URL; any other address is refused."""
    fake = FakeX()
    with respx.mock(assert_all_called=False) as router:
        router.route(url__startswith=BASE_URL).mock(side_effect=fake)
        yield fake


@pytest.fixture(autouse=True)
def _requests_are_described() -> Iterator[None]:
    """Fail the test that sends what X's description does not know, where that is at hand."""
    with recorded() as sent:
        yield
    if description.SPEC.exists():
        assert [fault for request in set(sent) for fault in description.faults_of(request)] == []
