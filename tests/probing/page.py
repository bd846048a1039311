"""The tables of docs/doctor.md."""

from tests.probing.conftest import PLUGINS, Office

from watchdaemon.cli._probe import as_page
from watchdaemon.ports import Probes

MARK = "<!-- Below: written by `python -m tests.probing docs/doctor.md`, from the adapters' own words. -->"


def renewed(text: str) -> str:
    """Return the page with its tables written anew; what stands above the mark is a person's text and stays."""
    office = Office()
    plans = []
    for platform in sorted(PLUGINS):
        adapter = office.adapter_at(platform, "http://127.0.0.1:9/")
        assert isinstance(adapter, Probes)
        plans.append((platform, adapter.probe_plan(office.account(platform))))
    return f"{text.partition(MARK)[0]}{MARK}\n\n{as_page(plans).rstrip()}\n"
