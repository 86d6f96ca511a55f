"""What a whole call shows: one finding a requirement."""

from sandbox.conformance.inspector import CHECKS, Inspector
from sandbox.conformance.requirements import SEVERITY, Bounds, Status
from sandbox.line.observations import UNREACHABLE, GivenUp


def test_a_call_of_which_nothing_is_known_tried_nothing() -> None:
    statuses = {found.status for found in Inspector(Bounds()).findings()}
    assert statuses == {Status.NOT_TRIED}
    assert len({kind.name for kind in CHECKS}) == len(CHECKS) == 17
    assert set(SEVERITY) == set(Status)


def test_an_unreachable_agent_fails_to_connect_and_nothing_else_was_tried() -> None:
    inspector = Inspector(Bounds())
    inspector.note(GivenUp(0.0, UNREACHABLE, "Connection refused."))
    by_check = {found.check: found.status for found in inspector.findings()}
    assert by_check.pop("connects") is Status.FAIL
    assert set(by_check.values()) == {Status.NOT_TRIED}
