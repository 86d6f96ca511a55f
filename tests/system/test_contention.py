"""What locks the same rows at once, in small: nothing is lost, and nothing deadlocks for long."""

import pytest
from django.conf import settings

from bench.contention.run import run
from bench.pause.run import services

SCALED = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not SCALED, reason="SQLite has one lock for all"),
]


def test_files_pauses_opt_outs_uploads_and_polls_at_once_lose_nothing() -> None:
    with services() as found:
        figures = run(4, found)
    assert (figures["lost"], figures["reached"]) == (0, 0)
