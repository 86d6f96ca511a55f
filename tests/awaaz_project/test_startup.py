"""A web process that is fit for live audio."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from awaaz_project.startup import demo_problem, refuse_to_start
from campaigns.models import Account, User
from tests.calls.servers import DAPHNE, UVICORN, database_url, serving

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


def account(address: str) -> Account:
    return Account.objects.create(
        name="Sahyog Gas", base_url=address, tenant="sahyog", email="a@b.in", password="x"
    )


@pytest.mark.django_db(transaction=True)
def test_real_accounts_are_not_served_beside_the_demonstrations_login() -> None:
    account("http://127.0.0.1:9000")
    demo = User.objects.create_superuser("demo", "demo@saraswati.example", "printed at each start")
    assert demo_problem() == ""
    account_elsewhere = Account.objects.get()
    account_elsewhere.base_url = "https://api.awaaz.de"
    account_elsewhere.save()
    assert "“Sahyog Gas” is not on this machine" in demo_problem()
    with pytest.raises(SystemExit, match="may sign in"):
        refuse_to_start()
    demo.is_active = False
    demo.save()
    assert demo_problem() == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", [DAPHNE, UVICORN], ids=["daphne", "uvicorn"])
def test_a_server_with_other_keys_does_not_start_and_says_why(tmp_path: Path, command: list[str]) -> None:
    account("http://127.0.0.1:9000")
    with pytest.raises(AssertionError, match="can't be read with the keys of this machine"):  # noqa: SIM117
        with serving(tmp_path, command, SECRET_KEY="another machine's"):
            pass


@pytest.mark.django_db(transaction=True)
def test_a_worker_with_other_keys_does_not_start_either(tmp_path: Path) -> None:
    account("http://127.0.0.1:9000")
    environment = {
        **os.environ,
        "DATA_DIR": str(tmp_path),
        "SECRET_KEY": "another machine's",
        "DATABASE_URL": database_url(),
        "REDIS_URL": "",
    }
    worker = ["-m", "celery", "-A", "awaaz_project", "worker", "--pool", "solo", "--loglevel", "WARNING"]
    done = subprocess.run(
        [sys.executable, *worker],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode != 0
    assert "can't be read with the keys of this machine" in done.stderr
