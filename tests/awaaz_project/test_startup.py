"""A web process that is fit for live audio."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOOK = """
import gc, sys
import awaaz_project.asgi
left = sum(len(gc.get_objects(generation)) for generation in range(3))
young = gc.get_threshold()[0]
print(gc.get_freeze_count(), left, sys.getswitchinterval(), "campaigns.admin" in sys.modules, young)
"""


def test_the_frameworks_are_loaded_and_out_of_the_collectors_way() -> None:
    """Found by the bench: a full collection took 120 ms, and every call on the process stuttered."""
    done = subprocess.run([sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True)
    frozen, left, interval, everything, young = done.stdout.split()
    assert int(frozen) > 50_000
    assert int(left) < 5_000
    assert float(interval) < 0.005
    assert everything == "True"
    assert int(young) <= 2_000  # ten thousand at once took 25 ms
