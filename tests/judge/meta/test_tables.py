"""The judge's tables against the published descriptions of the nodes, where those are at hand."""

import json
from pathlib import Path

import pytest
from tests.judge.meta.tables import TABLES

SPECS = Path(__file__).parents[3] / ".." / "shared" / "contracts" / "meta" / "specs"
DESCRIBED = {kind: table for kind, table in TABLES.items() if table.spec is not None}


@pytest.mark.skipif(not SPECS.is_dir(), reason="the node descriptions lie outside the repository")
@pytest.mark.parametrize("kind", DESCRIBED)
def test_the_judge_takes_no_field_or_parameter_that_the_platform_does_not_have(kind: str) -> None:
    table = DESCRIBED[kind]
    spec = json.loads((SPECS / f"{table.spec}.json").read_text())
    edges = {a["endpoint"]: a for a in spec["apis"] if a["method"] == "GET" and "endpoint" in a}

    assert table.fields <= {f["name"] for f in spec["fields"]}
    assert table.edges.keys() <= edges.keys()
    for name, edge in table.edges.items():
        assert edge.parameters <= {p["name"] for p in edges[name]["params"]}, name
