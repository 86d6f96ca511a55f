"""`make bench-campaigns` in small: each of its children on a real PostgreSQL, with its own checks."""

from pathlib import Path

import pytest
from django.conf import settings

from bench.campaigns import run

DATABASE = settings.DATABASES["default"]
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(
        not DATABASE["ENGINE"].endswith("postgresql"), reason="the bench measures PostgreSQL alone"
    ),
]


@pytest.fixture(autouse=True)
def _own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    where = "{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}_bench".format(**DATABASE)
    monkeypatch.setattr(run, "POSTGRES", f"postgres://{where}")


@pytest.mark.parametrize("server", run.UPLOADED)
def test_an_upload_beside_a_bare_loop(server: str, tmp_path: Path) -> None:
    figures = run.uploaded_to(server, 2000, tmp_path)
    assert 0 < figures["upload_vs_bare"] <= 1.5
    assert figures["peak_mb"] > 0


@pytest.mark.parametrize("stage", run.STAGES)
def test_a_stage(stage: str, tmp_path: Path) -> None:
    figures = run.in_child("other_stages", stage, 2000, tmp_path, folder=tmp_path)
    assert figures["us_per_row"] > 0


def test_an_import(tmp_path: Path) -> None:
    figures = run.imported(2000, tmp_path)
    assert figures["accepted"] + figures["rejected"] + figures["duplicate"] == 2000
    assert figures["copy_ratio"] > 1
