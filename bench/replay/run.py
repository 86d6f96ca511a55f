"""`make bench-replay`: 10,000 calls of a published version replayed with it, on one core.

Prints `calls= seconds= same= differ=`. Fails if a call differs from itself, or if it takes more than two
minutes of one core's time.
"""

import argparse
import os
import subprocess
import sys
import tempfile


def main() -> int:
    """Measure in a process with a database of its own. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replay-") as folder:
        own = {"DATA_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/replay.sqlite3"}
        command = [sys.executable, "-m", "bench.replay.measure", str(wanted.calls)]
        return subprocess.run(command, env=os.environ | own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
