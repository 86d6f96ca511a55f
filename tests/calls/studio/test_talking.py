"""The page on which a draft is talked to: it gives tickets to those who may change dialogues."""

import pytest
from django.test import Client

from calls.dialogues import publishing
from calls.studio.tickets import Ticket
from campaigns.models import Dialogue
from tests import cast
from tests.calls.agents.dialogue.samples import survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def dialogue() -> Dialogue:
    return publishing.create("Survey", survey(), by=None)


def test_a_ticket_holds_the_person_of_the_form_and_the_draft_as_it_is(dialogue: Dialogue) -> None:
    user = cast.manager()
    sent = {"language": "en", "value-name": "Gita", "value-other": "x", "record": "on"}
    answer = cast.browser(user).post(f"/dialogues/{dialogue.pk}/talk/", sent).json()
    ticket = Ticket.read(answer["address"].split("/")[2])
    assert (ticket.user, ticket.dialogue, ticket.revision) == (user.pk, dialogue.pk, dialogue.revision)
    assert (ticket.language, ticket.values["name"]) == ("en", "Gita")
    assert "other" not in ticket.values
    assert (ticket.record, ticket.really_asks) == (True, False)
    assert str(ticket.call) == answer["call"]


def test_a_language_that_it_does_not_speak_is_its_default(dialogue: Dialogue) -> None:
    asha = cast.browser(cast.manager())
    answer = asha.post(f"/dialogues/{dialogue.pk}/talk/", {"language": "ta"}).json()
    assert Ticket.read(answer["address"].split("/")[2]).language == "en"


def test_a_draft_with_problems_gives_no_ticket_and_says_so(dialogue: Dialogue) -> None:
    publishing.save_draft(dialogue, survey(start="nowhere"), revision=dialogue.revision, by=None)
    asha = cast.browser(cast.manager())
    refused = asha.post(f"/dialogues/{dialogue.pk}/talk/")
    assert refused.status_code == 409
    assert "nothing is in the way" in refused.json()["refused"]
    assert "nothing is in the way" in asha.get(f"/dialogues/{dialogue.pk}/talk/").content.decode()


def test_values_too_long_for_a_ticket_are_told(dialogue: Dialogue) -> None:
    values = {f"v{number}": "text" for number in range(60)}
    publishing.save_draft(dialogue, survey(values=values), revision=dialogue.revision, by=None)
    sent = {f"value-v{number}": hex(7**300 + 11**number * 13**200)[2:202] for number in range(60)}
    refused = cast.browser(cast.manager()).post(f"/dialogues/{dialogue.pk}/talk/", sent)
    assert (refused.status_code, "too long" in refused.content.decode()) == (409, True)


def test_who_may_only_look_is_shown_the_way_to_typing(dialogue: Dialogue) -> None:
    viewer: Client = cast.browser(cast.viewer())
    assert "by typing" in viewer.get(f"/dialogues/{dialogue.pk}/talk/").content.decode()
    assert viewer.post(f"/dialogues/{dialogue.pk}/talk/").status_code == 403
