"""How alerts are told, from the configuration to the rules. Costs nothing to speak of."""

from datetime import timedelta
from pathlib import Path

import pytest

from watchdaemon.domain.alert import AlertPolicy
from watchdaemon.errors import ConfigError
from watchdaemon.settings import default_settings, load_settings

SMALLEST = '[organisation]\nname = "X"\ncommunications = ["karin", "per", "karin"]\n[mail]\nsender = "w@example.org"\n'


def load(folder: Path, alerts: str) -> AlertPolicy:
    """The policy of a configuration with that [alerts] table."""
    path = folder / "watchdaemon.toml"
    path.write_text(f"{SMALLEST}[alerts]\n{alerts}\n", encoding="utf-8")
    assert load_settings(path).communications() == ("karin", "per")
    return load_settings(path).alert_policy()


def test_the_defaults_are_the_rules_own() -> None:
    assert default_settings().alert_policy() == AlertPolicy()
    assert default_settings().communications() == ()


def test_every_wish_reaches_the_rules(tmp_path: Path) -> None:
    wishes = 'steps = [0.5, 1, 3]\nrepeats = []\noverdue_to_manager = 1\nlate_after = "1h"\nsecret_at_any_hour = true'

    assert load(tmp_path, wishes) == AlertPolicy(
        steps=(0.5, 1, 3), repeats=(), overdue_to_manager=1, late_after=timedelta(hours=1), secret_at_any_hour=True
    )


@pytest.mark.parametrize(
    "wrong", ["steps = [1, 2]", "steps = [2, 1, 4]", "steps = [0, 1, 2]", "repeats = [4, 2]", "x = 1"]
)
def test_steps_out_of_order_are_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, wrong)

    assert "alerts" in str(caught.value)
