"""A draft is tried by typing, and its tests say what is different before it is published."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from calls.dialogues import publishing
from calls.models import Replay
from campaigns import clock
from campaigns.models import Dialogue, Recipient
from tests import cast
from tests.calls.agents.dialogue.samples import SURVEY, survey
from tests.calls.dialogues.stored import called, dialogue_of, reminding
from tests.calls.simulated.documents import ASHA, MENU, press, reminder

pytestmark = pytest.mark.django_db


@pytest.fixture
def asha() -> Client:
    return cast.browser(cast.manager())


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


def typing(asha: Client, dialogue: Dialogue, *lines: str, **fields: Any) -> Any:
    query = {"language": "en", "typed": "\n".join(lines), **fields}
    return asha.get(f"/dialogues/{dialogue.pk}/try/", query)


def keep(asha: Client, dialogue: Dialogue, name: str, *lines: str) -> None:
    fields = {"do": "keep", "language": "en", "typed": "\n".join(lines), "name": name}
    asha.post(f"/dialogues/{dialogue.pk}/try/", fields)


def test_what_is_typed_goes_on_where_the_call_was(asha: Client, dialogue: Dialogue) -> None:
    begun = typing(asha, dialogue).content.decode()
    assert "Hello Asha Patel." in begun
    assert "From 1 to 5?" not in begun
    assert "From 1 to 5?" in typing(asha, dialogue, "1").content.decode()
    assert "The call is over" in typing(asha, dialogue, "1", "5").content.decode()
    assert "The call is over" in typing(asha, dialogue, line="hang up").content.decode()


def test_a_line_that_means_nothing_is_told_what_does(asha: Client, dialogue: Dialogue) -> None:
    refused = typing(asha, dialogue, line="dance")
    assert refused.status_code == 422
    assert "Type keys" in refused.content.decode()


def test_a_draft_with_problems_waits_for_them(asha: Client, dialogue: Dialogue) -> None:
    publishing.save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    for page in ("try", "tests"):
        shown = asha.get(f"/dialogues/{dialogue.pk}/{page}/")
        assert "nothing is in the way" in shown.content.decode()


def test_a_kept_call_is_different_when_the_draft_is(asha: Client, dialogue: Dialogue) -> None:
    keep(asha, dialogue, "Happy", "1", "5")
    address = f"/dialogues/{dialogue.pk}/tests/"
    assert "1 of 1 as expected" in asha.get(address).content.decode()
    sad = {**SURVEY["steps"], "glad": {"kind": "set", "outcome": "other", "exits": {"next": "bye"}}}
    publishing.save_draft(dialogue, survey(steps=sad), revision=dialogue.revision, by=None)
    assert "1 of 1 different" in asha.get(address).content.decode()
    refused = asha.post(f"/dialogues/{dialogue.pk}/publish/", {"revision": dialogue.revision})
    assert refused.status_code == 409
    fields = {"revision": dialogue.revision, "override": "It is right so."}
    assert asha.post(f"/dialogues/{dialogue.pk}/publish/", fields).status_code == 302
    assert dialogue.versions.get().override == "It is right so."
    asha.post(address, {"do": "accept", "test": dialogue.tests.get().pk})
    assert "1 of 1 as expected" in asha.get(address).content.decode()
    asha.post(address, {"do": "delete", "test": dialogue.tests.get().pk})
    assert not dialogue.tests.exists()


def test_the_computer_covers_every_way(asha: Client, dialogue: Dialogue) -> None:
    asha.post(f"/dialogues/{dialogue.pk}/tests/", {"do": "cover"})
    shown = asha.get(f"/dialogues/{dialogue.pk}/tests/").content.decode()
    assert "Never tried" not in shown
    assert dialogue.tests.filter(origin="machine").count() > 2


# --- Past calls ----------------------------------------------------------------------------------------


@pytest.fixture
def past() -> tuple[Dialogue, UUID]:
    """A dialogue with which a call was held in which 2 was pressed, and the call."""
    campaign = reminding(reminder())
    return dialogue_of(campaign), called(campaign, reminder(), ASHA, press("2"))


def test_a_call_becomes_a_test_without_the_name_of_its_person(
    asha: Client, past: tuple[Dialogue, UUID]
) -> None:
    dialogue, call_id = past
    assert "Make a test of this call" in asha.get(f"/calls/{call_id}/").content.decode()
    made = asha.post(f"/calls/{call_id}/test/", follow=True)
    assert "was made of the call." in made.content.decode()
    assert "As expected" in made.content.decode()
    test = dialogue.tests.get()
    assert test.origin == "call"
    assert test.body["expect"]["outcome"] == "needs_time"
    assert test.body["person"]["name"] == "Asha Patel", "made up"
    assert test.body["person"]["values"]["amount"] != ASHA.values["amount"]
    again = asha.post(f"/calls/{call_id}/test/", follow=True)
    assert "There is a test named" in again.content.decode()
    assert dialogue.tests.count() == 1


def test_a_call_of_a_person_who_is_not_known_any_more_says_so(
    asha: Client, past: tuple[Dialogue, UUID]
) -> None:
    Recipient.objects.all().delete()
    told = asha.post(f"/calls/{past[1]}/test/", follow=True)
    assert "is not known any more" in told.content.decode()


def test_who_may_not_change_dialogues_makes_no_test(past: tuple[Dialogue, UUID]) -> None:
    vikram = cast.browser(cast.viewer())
    assert "Make a test" not in vikram.get(f"/calls/{past[1]}/").content.decode()
    assert vikram.post(f"/calls/{past[1]}/test/").status_code == 403


def test_past_calls_are_replayed_on_the_page_of_the_tests(asha: Client, past: tuple[Dialogue, UUID]) -> None:
    dialogue, call_id = past
    address = f"/dialogues/{dialogue.pk}/tests/"
    assert "Not replayed yet." in asha.get(address).content.decode()
    choices = MENU["choices"] | {"2": {"outcome": "refuses", "label": "Refuses"}}
    publishing.save_draft(dialogue, reminder(choices=choices), revision=dialogue.revision, by=None)
    shown = asha.post(f"/dialogues/{dialogue.pk}/replay/", {"most": "300"}, follow=True).content.decode()
    assert "1 would differ" in shown
    assert "0 would go the same way" in shown
    assert "<td>Needs time</td><td>Refuses</td>" in shown
    assert f'action="/calls/{call_id}/test/"' in shown
    assert "98251 10000" not in shown, "masked"


def test_a_replay_under_way_asks_again_and_shows_how_far_it_is(
    asha: Client, past: tuple[Dialogue, UUID]
) -> None:
    until = clock.now() + timedelta(minutes=1)
    Replay.objects.create(
        dialogue=past[0], most=10_000, found=10_000, done=1200, state="running", claimed_until=until
    )
    card = asha.get(f"/dialogues/{past[0].pk}/replay/").content.decode()
    assert "1,200 of 10,000 calls so far" in card
    assert "load delay:1s" in card


def test_a_chosen_test_shows_its_call_and_those_that_differ_come_first(
    asha: Client, dialogue: Dialogue
) -> None:
    keep(asha, dialogue, "Happy", "1", "5")
    address = f"/dialogues/{dialogue.pk}/tests/"
    asha.post(address, {"do": "cover"})
    names = [result.test.name.partition(".")[0] for result in asha.get(address).context["results"]]
    assert names == ["Happy", *map(str, range(1, len(names)))]
    steps = SURVEY["steps"] | {"glad": SURVEY["steps"]["glad"] | {"outcome": "content"}}
    publishing.save_draft(dialogue, survey(steps=steps), revision=dialogue.revision, by=None)
    test = dialogue.tests.get(name="Happy")
    page = asha.get(address, {"test": test.pk})
    assert page.context["results"][0].difference
    shown = page.content.decode()
    assert "<kbd>1</kbd> <kbd>5</kbd>" in shown
    assert "Hello Asha Patel." in shown, "what was said in it"
