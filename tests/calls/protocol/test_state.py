"""The tables are complete, and a stopped call stays stopped."""

import pytest

from calls.protocol.messages import Clear, Connected, Dtmf, Mark, Media, Problem, Start, Stop
from calls.protocol.state import AGENT_SENDS, PLATFORM_SENDS, State, Table


@pytest.mark.parametrize(
    ("table", "messages"),
    [(PLATFORM_SENDS, {Connected, Start, Media, Dtmf, Mark, Stop}), (AGENT_SENDS, {Media, Mark, Clear})],
)
def test_every_state_answers_every_message(table: Table, messages: set[type]) -> None:
    assert set(table) == set(State)
    assert all(set(row) == messages for row in table.values())


@pytest.mark.parametrize("table", [PLATFORM_SENDS, AGENT_SENDS])
def test_nothing_leaves_the_stopped_state(table: Table) -> None:
    assert set(table[State.STOPPED].values()) == {Problem.AFTER_STOP}


def test_only_start_begins_a_call() -> None:
    row = PLATFORM_SENDS[State.WAITING]
    assert [kind for kind, after in row.items() if after is State.STARTED] == [Start]
