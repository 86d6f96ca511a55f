"""Which dialogues there are and who calls with them: in so many queries, however many there are."""

import pytest
from pytest_django import DjangoAssertNumQueries

from calls.dialogues import publishing
from campaigns.queries.dialogues import (
    all_dialogues,
    campaigns_by_agent,
    campaigns_of,
    latest_version,
    versions_of,
)
from tests.calls.agents.dialogue.samples import survey
from tests.calls.studio.users import calling_with

pytestmark = pytest.mark.django_db


def test_dialogues_come_by_name_with_their_newest_version(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publishing.publish(publishing.create("B", survey(), by=None), by=None)
    publishing.create("A", survey(), by=None)
    with django_assert_num_queries(1):
        assert [(str(one), getattr(one, "newest", 0)) for one in all_dialogues()] == [("A", None), ("B", 1)]


def test_campaigns_that_are_over_use_none() -> None:
    dialogue = publishing.create("A", survey(), by=None)
    publishing.publish(dialogue, by=None)
    running = calling_with(dialogue, name="Now")
    calling_with(dialogue, name="Then", state="completed")
    assert campaigns_by_agent() == {dialogue.agent_id: [running]}
    assert campaigns_of(dialogue) == [running]
    assert [version.number for version in versions_of(dialogue)] == [1]


def test_the_latest_version_is_the_one_of_the_highest_number() -> None:
    dialogue = publishing.create("Survey", survey(), by=None)
    assert latest_version(dialogue.agent_id) is None
    publishing.publish(dialogue, by=None)
    publishing.save_draft(dialogue, survey(wrong_keys=4), revision=1, by=None)
    second = publishing.publish(dialogue, by=None)
    assert latest_version(dialogue.agent_id) == second
