"""The description of the XFin API holds every route and no other, and is right about what is required."""

import re

import pytest
import schemathesis

from sandbox import urls
from sandbox.api.openapi import TAKEN, document
from tests.sandbox.support import Office

pytestmark = pytest.mark.django_db


def served() -> set[str]:
    """The paths behind a tenant's name, as Django resolves them."""
    patterns = [str(pattern.pattern) for pattern in urls.urlpatterns]
    behind = [p.partition("/v1/")[2].removesuffix("/?$") for p in patterns if "/v1/" in p]
    return {"/" + re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", path) for path in behind}


def operations() -> dict[str, tuple[str, str]]:
    """Method and path of each operation."""
    found = {}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            if method != "parameters":
                found[operation["operationId"]] = (method.upper(), path)
    return found


def test_every_route_is_described_and_every_described_path_is_served() -> None:
    assert set(document()["paths"]) == served()


def test_every_operation_is_reachable_with_its_method_and_no_other() -> None:
    office = Office()
    for path, methods in document()["paths"].items():
        where = path.replace("{pk}", "999999").removeprefix("/")
        for method in ("get", "post", "put", "patch", "delete"):
            status = office.call(method.upper(), where, {}).status_code
            assert (status != 405) == (method in methods), (method, path, status)


def test_what_is_taken_is_said_of_operations_that_there_are() -> None:
    assert TAKEN.keys() <= operations().keys()


@pytest.mark.parametrize("name", [name for name, taken in TAKEN.items() if "body" in taken])
def test_a_member_said_to_be_required_is(name: str) -> None:
    office = Office()
    office.furnish()
    method, path = operations()[name]
    if any(member.endswith("*") for member in TAKEN[name]["body"]) and "{pk}" not in path:
        assert office.call(method, path[1:], {}).status_code == 400


def test_it_is_served_to_anybody_and_is_valid_openapi() -> None:
    office = Office()
    office.token = ""
    reply = office.call("GET", "openapi.json")
    assert reply.status_code == 200
    assert reply.json()["servers"] == [{"url": "/demo/v1"}]
    schemathesis.openapi.from_dict(reply.json()).validate()
