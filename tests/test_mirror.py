"""Hold modules and tests together: calls/media/admission.py and tests/calls/media/test_admission.py."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ("awaaz_project", "calls", "campaigns", "sandbox")
WITHOUT_TEST = ROOT / "tests" / "data" / "modules-without-test.txt"
MOST_WITHOUT_TEST = 133
"""As many as there were when this test was written. Lower it with the list; never raise it."""
OF_BEHAVIOUR = frozenset(
    {
        "tests/awaaz_project/test_evidence_commands.py",
        "tests/bench/test_words.py",
        "tests/calls/agents/dialogue/test_callback_times.py",
        "tests/calls/agents/dialogue/test_menu_as_before.py",
        "tests/calls/agents/dialogue/test_texts.py",
        "tests/calls/agents/examples/test_dialogues.py",
        "tests/calls/agents/test_prepared.py",
        "tests/calls/conversation/test_barge_in.py",
        "tests/calls/conversation/test_far_ends.py",
        "tests/calls/conversation/test_last_keys.py",
        "tests/calls/conversation/test_machine.py",
        "tests/calls/events/test_outage.py",
        "tests/calls/media/test_limits_on_servers.py",
        "tests/calls/media/test_resume.py",
        "tests/calls/protocol/test_machine.py",
        "tests/calls/protocol/test_transcripts.py",
        "tests/calls/test_control.py",
        "tests/calls/test_episodes.py",
        "tests/calls/test_going_on.py",
        "tests/calls/test_last_breath.py",
        "tests/calls/test_ringing_back.py",
        "tests/calls/test_line_faults.py",
        "tests/calls/test_menus_become_dialogues.py",
        "tests/calls/test_outside_client.py",
        "tests/campaigns/admin/test_admin.py",
        "tests/campaigns/delivery/test_api_faults.py",
        "tests/campaigns/imports/test_cases.py",
        "tests/campaigns/imports/test_samples.py",
        "tests/campaigns/planning/test_callbacks_at_once.py",
        "tests/campaigns/planning/test_retries_from_another_number.py",
        "tests/campaigns/privacy/test_appointments.py",
        "tests/campaigns/privacy/test_purge_of_members.py",
        "tests/sandbox/api/test_exchanges.py",
        "tests/sandbox/api/test_hostile.py",
        "tests/sandbox/api/test_vendor_shapes.py",
        "tests/sandbox/test_api_faults.py",
        "tests/sandbox/test_bench_virtual.py",
        "tests/sandbox/test_browser.py",
        "tests/sandbox/test_line_faults.py",
        "tests/sandbox/test_ours.py",
        "tests/sandbox/test_sandbox_call.py",
        "tests/sandbox/test_third_parties.py",
    }
)
"""Tests of a behaviour in which several modules take part; they lie in the room that they are about."""


def modules(*packages: str) -> Iterator[str]:
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "__init__.py" and "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix()


def mirrored(module: str) -> str:
    path = Path("tests") / module
    return path.with_name(f"test_{path.name}").as_posix()


def test_every_module_has_its_test_or_is_on_the_list_that_only_shrinks() -> None:
    listed = WITHOUT_TEST.read_text("utf-8").split()
    without = {module for module in modules(*PROGRAM) if not (ROOT / mirrored(module)).exists()}
    assert sorted(without - set(listed)) == [], "a module without a test: write tests/…/test_NAME.py"
    assert sorted(set(listed) - without) == [], (
        f"strike it off {WITHOUT_TEST.name}: it has a test, or is gone"
    )
    assert listed == sorted(listed)
    assert len(listed) <= MOST_WITHOUT_TEST


def test_every_test_has_its_module_or_is_of_a_behaviour() -> None:
    expected = {mirrored(module) for module in modules(*PROGRAM, "bench")}
    found = {
        path.relative_to(ROOT).as_posix()
        for package in (*PROGRAM, "bench")
        for path in (ROOT / "tests" / package).rglob("test_*.py")
    }
    assert sorted(found - expected - OF_BEHAVIOUR) == [], "a test whose module is elsewhere, or gone"
    assert sorted(OF_BEHAVIOUR - (found - expected)) == [], (
        "strike it off OF_BEHAVIOUR: it has a module, or is gone"
    )
