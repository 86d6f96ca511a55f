"""`far_end`: the module's tests run at every far end that is known (awaaz-platform.md §2)."""

import pytest

from sandbox.line.playout import FarEnd
from tests.calls.line import Line


@pytest.fixture(params=FarEnd)
def far_end(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FarEnd:
    chosen = FarEnd(request.param)
    monkeypatch.setattr(Line, "far_end", chosen)
    return chosen
