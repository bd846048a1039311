"""Whose units a channel's calls use."""

import pytest
from tests.adapters.youtube.fake import account, adapter

from watchdaemon.errors import AccountError
from watchdaemon.ports import EstimatesCost, SharesBudget

FIELDS = {"client_secret": "s", "refresh_token": "r"}


@pytest.mark.parametrize(
    ("client_id", "project"),
    [("123456-abc.apps.googleusercontent.com", "123456"), ("client-1", "default")],
)
def test_channels_of_one_project_share_its_budget(client_id: str, project: str) -> None:
    made = adapter({"client_id": client_id, **FIELDS})

    assert isinstance(made, SharesBudget)
    assert isinstance(made, EstimatesCost)
    assert made.budget_of(account()) == project


def test_without_a_credential_nobody_knows_whose_budget_it_is() -> None:
    with pytest.raises(AccountError):
        adapter({}).budget_of(account())
