"""The settings block: every fault by its key, and nothing heavy imported before it is used."""

import subprocess
import sys

import pytest
from tests.adapters._graph.town import Town

from watchdaemon.errors import ConfigError
from watchdaemon_adapters.facebook import plugin


def test_the_defaults_are_the_real_service() -> None:
    from watchdaemon_adapters.facebook.settings import FacebookSettings

    made = FacebookSettings()

    assert (made.base_url, made.api_version) == ("https://graph.facebook.com/", "v25.0")


def test_all_faults_are_told_at_once(town: Town) -> None:
    block = {"base_url": "graph.facebook.com", "api_version": "25", "page_size": 0, "mesages": True}

    with pytest.raises(ConfigError) as caught:
        plugin.create(block, town.context)
    assert sorted(f.key for f in caught.value.faults) == [
        "platforms.facebook.api_version",
        "platforms.facebook.base_url",
        "platforms.facebook.mesages",
        "platforms.facebook.page_size",
    ]


def test_a_wrong_value_is_not_repeated_in_the_fault(town: Town) -> None:
    with pytest.raises(ConfigError) as caught:
        plugin.create({"base_url": "EAAhemligt"}, town.context)
    assert "hemligt" not in str(caught.value)


@pytest.mark.parametrize("package", ["facebook", "instagram"])
def test_finding_the_plug_in_imports_no_sdk(package: str) -> None:
    code = (
        f"import sys, watchdaemon_adapters.{package} as p; assert p.plugin.name == {package!r};"
        "sys.exit('facebook' in sys.modules or 'requests' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
