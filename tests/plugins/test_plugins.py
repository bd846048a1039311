"""Adapters are found by entry point, and a bad one is named."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from watchdaemon.errors import PluginError
from watchdaemon.plugins import find_plugins, load_plugins

Install = Callable[..., None]

GOOD = """
class Plugin:
    name = "{name}"
    def create(self, settings, context):
        raise NotImplementedError
plugin = Plugin()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a distribution of one module with adapters, in a folder of its own on the path."""
    modules: list[str] = []

    def _install(distribution: str, entries: dict[str, str], code: str) -> None:
        folder = tmp_path / f"{distribution}-{len(modules)}"
        module = f"plugged_{distribution.replace('-', '_')}_{len(modules)}"
        info = folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {module}:{attribute}" for name, attribute in entries.items()]
        (info / "entry_points.txt").write_text("\n".join(["[watchdaemon.adapters]", *lines]) + "\n")
        (folder / f"{module}.py").write_text(code)
        monkeypatch.syspath_prepend(str(folder))
        modules.append(module)

    yield _install
    for module in modules:
        sys.modules.pop(module, None)


def test_our_own_adapters_come_through_the_same_door() -> None:
    assert {"facebook", "instagram", "x", "youtube"} <= {e.name for e in find_plugins()}


def test_an_installed_adapter_is_loaded(install: Install) -> None:
    install("wd-bluebird", {"bluebird": "plugin"}, GOOD.format(name="bluebird"))
    loaded = load_plugins({"bluebird"})

    assert loaded.plugins["bluebird"].name == "bluebird"
    assert loaded.distributions == {"bluebird": "wd-bluebird"}
    assert loaded.errors == ()


def test_only_what_is_asked_for_is_imported(install: Install) -> None:
    install("wd-bluebird", {"bluebird": "plugin"}, "raise RuntimeError('imported')")

    assert load_plugins(set()).errors == ()
    assert [e.plugin for e in load_plugins({"bluebird"}).errors] == ["bluebird"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("other = 1", "AttributeError"),
        ("plugin = object()", "has no create"),
        (GOOD.format(name="somebody-else"), "calls itself 'somebody-else', not 'bad'"),
    ],
)
def test_a_bad_adapter_is_named_and_the_others_go_on(install: Install, code: str, message: str) -> None:
    install("wd-bad", {"bad": "plugin"}, code)
    install("wd-good", {"good": "plugin"}, GOOD.format(name="good"))
    loaded = load_plugins({"bad", "good"})

    assert list(loaded.plugins) == ["good"]
    assert [(e.plugin, e.distribution) for e in loaded.errors] == [("bad", "wd-bad")]
    assert "'wd-bad'" in str(loaded.errors[0])
    assert message in str(loaded.errors[0])


def test_the_cause_of_a_failed_import_is_kept(install: Install) -> None:
    install("wd-bad", {"bad": "plugin"}, "1 / 0")

    assert isinstance(load_plugins({"bad"}).errors[0].__cause__, ZeroDivisionError)


def test_of_two_adapters_for_a_platform_the_second_is_named(install: Install) -> None:
    install("wd-b", {"bird": "plugin"}, GOOD.format(name="bird"))
    install("wd-a", {"bird": "plugin"}, GOOD.format(name="bird"))
    loaded = load_plugins({"bird"})

    assert loaded.distributions == {"bird": "wd-a"}
    assert [(type(e), e.distribution) for e in loaded.errors] == [(PluginError, "wd-b")]
    assert "already, from wd-a" in str(loaded.errors[0])


def test_a_broken_first_adapter_leaves_the_platform_to_the_second(install: Install) -> None:
    install("wd-a", {"bird": "plugin"}, "1 / 0")
    install("wd-b", {"bird": "plugin"}, GOOD.format(name="bird"))
    loaded = load_plugins({"bird"})

    assert loaded.distributions == {"bird": "wd-b"}
    assert [e.distribution for e in loaded.errors] == ["wd-a"]


def test_nobody_takes_the_place_of_our_own_adapter(install: Install) -> None:
    install("aaa-first", {"facebook": "plugin"}, GOOD.format(name="facebook"))
    found = [e.dist.name for e in find_plugins() if e.name == "facebook" and e.dist is not None]

    assert found == ["watchdaemon", "aaa-first"]
