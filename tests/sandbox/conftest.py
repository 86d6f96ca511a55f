"""The sandbox has settings and a database of its own: `pytest tests/sandbox --ds=sandbox.settings`.

Under any other settings (a plain `pytest tests`) nothing here is collected.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings

# A shared machine is sometimes slow; how fast things are is measured elsewhere.
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

UNDER_SANDBOX_SETTINGS = settings.ROOT_URLCONF == "sandbox.urls"
collect_ignore_glob = [] if UNDER_SANDBOX_SETTINGS else ["*"]

TENANT = {"tenant": "demo", "email": "office@example.org", "password": "open sesame"}
CALLER = "+917961344101"


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path) -> Iterator[None]:
    """Uploaded contents, clips and recordings of a test stay in its own directory."""
    before = (settings.MEDIA_ROOT, settings.SANDBOX_CLIPS_DIR)
    settings.MEDIA_ROOT, settings.SANDBOX_CLIPS_DIR = tmp_path / "media", tmp_path / "clips"
    yield
    settings.MEDIA_ROOT, settings.SANDBOX_CLIPS_DIR = before
