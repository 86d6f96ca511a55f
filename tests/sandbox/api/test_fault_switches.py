"""Faults: what the client sees, and what was committed all the same."""

import time
from typing import Any

import pytest

from sandbox.api import fault_switches
from sandbox.models import Fault, Message
from tests.sandbox.conftest import TENANT
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    office = Office()
    office.furnish()
    return office


def bulk(office: Office) -> Any:
    message = {"phone_number": "9876543210", "language": "hi", "template": "EMI reminder"}
    return office.call("POST", "xact/message/create_bulk", {"data": [message]})


@pytest.mark.parametrize("behaviour", ["500", "502", "503", "504"])
def test_a_gateway_error_comes_n_times_and_creates_nothing(office: Office, behaviour: str) -> None:
    office.control("faults", {"behaviour": behaviour, "times": 2})
    assert [bulk(office).status_code for _ in range(3)] == [int(behaviour), int(behaviour), 201]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    ("behaviour", "created"),
    [("timeout_before", 0), ("timeout_after", 1), ("drop_before", 0), ("drop_after", 1)],
)
def test_before_or_after_the_commit(office: Office, behaviour: str, created: int) -> None:
    office.control("faults", {"behaviour": behaviour, "times": 1, "seconds": 0.05})
    began = time.monotonic()
    assert bulk(office).status_code in (502, 504)
    assert (time.monotonic() - began >= 0.05) or behaviour.startswith("drop")
    assert Message.objects.count() == created


def test_login_can_be_refused(office: Office) -> None:
    office.control("faults", {"operation": "login", "behaviour": "401", "times": 1})
    reply = office.call("POST", "account/login", TENANT)
    assert (reply.status_code, list(reply.json())) == (401, ["non_field_errors"])
    assert office.call("POST", "account/login", TENANT).status_code == 200


def test_a_token_can_be_refused_early(office: Office) -> None:
    office.control("faults", {"operation": "list_messages", "behaviour": "401", "times": 1})
    assert office.call("GET", "xact/message").status_code == 401
    assert office.call("GET", "xact/message").status_code == 200


def test_a_probability_repeats_with_its_seed() -> None:
    def draws(seed: str) -> list[bool]:
        Fault.objects.all().delete()
        Fault.objects.create(operation="create_bulk", behaviour="500", probability=0.3, seed=seed)
        return [fault_switches.take("create_bulk") is not None for _ in range(100)]

    first = draws("7")
    assert first == draws("7")
    assert first != draws("8")
    assert 15 < sum(first) < 45


def test_a_fault_of_another_operation_stays(office: Office) -> None:
    office.control("faults", {"operation": "login", "behaviour": "500", "times": 1})
    assert bulk(office).status_code == 201
    assert Fault.objects.get().fired == 0
