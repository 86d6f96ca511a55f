"""The report fails a deliberately broken agent in each of its requirements, over real WebSockets."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from calls.audio import wav as wave
from sandbox.conformance.inspector import CHECKS
from sandbox.conformance.report import Rung
from sandbox.conformance.requirements import Bounds, Finding, Status
from sandbox.conformance.sound import Rate
from sandbox.line.leg import Ended
from sandbox.line.quirks import PROFILES, Quirk
from sandbox.people.people import read_cast
from sandbox.platform.clips import Library
from sandbox.platform.ring_agent import Task, ring_all
from tests.sandbox.agents import Behaviour, agent
from tests.sandbox.broken import BROKEN, WARNED, good, says_nothing, stays_after_stop

PEOPLE = read_cast("""
presses: {about: a, ring_s: [0, 0], picks_up: answer, patience_s: 3,
          script: [{wait: 0.6}, {press: "1"}, {wait: 1.5}, {hang_up: true}]}
listens: {about: a, ring_s: [0, 0], picks_up: answer, patience_s: 3,
          script: [{wait: 0.8}, {hang_up: true}]}
""")
QUICK = Bounds(
    first_audio_s=0.4, longest_first_audio_s=0.7, reaction_s=0.4, longest_reaction_s=0.8, after_stop_s=0.1,
    clear_s=0.6,
    close_s=0.4, longest_close_s=0.8, stuck_s=0.8,
)  # fmt: skip
LISTENED_TO = {"after_stop", "closes", "close_code"}
ALSO: dict[str, set[str]] = {
    # A silent agent answers nothing either, and a clear that comes late is a late answer.
    "first_audio": {"reaction"},
    "clear.late": {"reaction"},
}


async def rung(folder: Path, behave: Behaviour, *people: str, quirk: Quirk | None = None) -> list[Rung]:
    async with agent(behave) as (url, _):
        chosen = tuple(PEOPLE[name] for name in people)
        quirks = frozenset({quirk} if quirk else ())
        task = Task(url, chosen, bounds=QUICK, quirks=quirks, longest_s=5, record_to=folder)
        async with asyncio.timeout(30):
            return await ring_all(task, Library(folder), lambda _: None)


def failed(call: Rung, status: Status = Status.FAIL) -> dict[str, Finding]:
    return {found.check: found for found in call.findings if found.status is status}


async def test_an_agent_without_fault_passes_every_requirement(tmp_path: Path) -> None:
    calls = await rung(tmp_path, good, "presses", "listens")
    best = {
        found.check: found.status for call in calls for found in call.findings if found.status != "not-tried"
    }
    assert best == {kind.name: Status.PASS for kind in CHECKS if kind is not Rate}  # it streams nothing
    assert not any(failed(call) for call in calls)


def test_every_requirement_has_an_agent_that_breaks_it() -> None:
    assert {name.partition(".")[0] for name in BROKEN} | {"connects"} == {kind.name for kind in CHECKS}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rung]:
    """Every broken agent rung once, all at the same time."""
    folder = tmp_path_factory.mktemp("clips")

    async def ring_one(broken: str) -> Rung:
        requirement, _, way = broken.partition(".")
        person = PEOPLE["listens" if requirement in LISTENED_TO else "presses"]
        bounds = replace(QUICK, container="wav") if way == "other" else QUICK
        async with agent(BROKEN[broken]) as (url, _callers):
            task = Task(url, (person,), bounds=bounds, longest_s=5, quirks=frozenset({Quirk.LATE_START}))
            [call] = await ring_all(task, Library(folder), lambda _: None)
            return call

    async def ring_each() -> list[Rung]:
        return await asyncio.gather(*(ring_one(broken) for broken in BROKEN))

    return dict(zip(BROKEN, asyncio.run(ring_each()), strict=True))


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_agent_fails_its_requirement_and_no_other(reports: dict[str, Rung], broken: str) -> None:
    requirement = broken.partition(".")[0]
    found = failed(reports[broken])
    assert set(found) == {requirement} - WARNED | ALSO.get(broken, set())
    if requirement in WARNED:
        found = failed(reports[broken], Status.WARN)
        assert requirement in found
    assert found[requirement].detail
    shown = found[requirement].frame
    assert shown is not None or requirement in {"first_audio", "closes"}
    assert shown is None or (shown.excerpt and -400 <= shown.at_ms < 5000 and "AAAAAAAA" not in shown.excerpt)


async def test_an_agent_that_is_not_there_fails_to_connect(tmp_path: Path) -> None:
    task = Task("ws://127.0.0.1:1/s3cret", (PEOPLE["listens"],))
    [call] = await ring_all(task, Library(tmp_path), lambda _: None)
    assert set(failed(call)) == {"connects"}
    assert call.how == Ended.AGENT_UNREACHABLE
    assert "s3cret" not in str(call)


async def test_the_recording_has_both_sides(tmp_path: Path) -> None:
    [call] = await rung(tmp_path, good, "listens")
    recorded = wave.unwrap((tmp_path / call.recording).read_bytes())
    assert recorded.channels == 2
    assert len(recorded.pcm) / 32_000 == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("profile", PROFILES)
async def test_an_agent_without_fault_lives_with_every_quirk(tmp_path: Path, profile: str) -> None:
    async with agent(good) as (url, callers):
        task = Task(url, (PEOPLE["presses"],), bounds=QUICK, quirks=PROFILES[profile], longest_s=5)
        [call] = await ring_all(task, Library(tmp_path), lambda _: None)
    assert failed(call) == {}
    assert bool(callers[0].of("connected")) == (profile != "plain")


async def test_many_calls_at_once_are_all_made(tmp_path: Path) -> None:
    told: list[Rung] = []
    async with agent(good) as (url, callers):
        task = Task(url, tuple(PEOPLE.values()), calls=20, bounds=Bounds(), longest_s=5)
        calls = await ring_all(task, Library(tmp_path), told.append)
    assert len(callers) == len(calls) == len(told) == 20
    assert {call.person for call in calls} == {"presses", "listens"}
    assert not any(failed(call) for call in calls)


async def test_the_person_is_named_with_the_call(tmp_path: Path) -> None:
    for behave, how in ((says_nothing, Ended.PERSON_HUNG_UP), (stays_after_stop, Ended.PERSON_HUNG_UP)):
        [call] = await rung(tmp_path, behave, "listens")
        assert (call.person, call.how) == ("listens", how)
