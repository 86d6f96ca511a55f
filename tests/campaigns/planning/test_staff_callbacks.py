"""The queue of people whom staff call back: who comes into it, once, and who takes them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from auditlog.models import LogEntry

from campaigns.compliance.suppressions import SuppressionRequest, suppress
from campaigns.errors import NotAllowed
from campaigns.models import Recipient, StaffCallback, Suppression
from campaigns.planning import staff_callbacks
from campaigns.planning.staff_callbacks import Wish
from campaigns.privacy import erasure, purge
from campaigns.queries import evidence
from campaigns.queries.notices import staff_callback_notices
from campaigns.queries.people import staff_callbacks as listed
from tests import cast
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
State, Source = StaffCallback.State, StaffCallback.Source
CALLER = "+919825112499"


@pytest.fixture
def asha() -> Recipient:
    return make_campaign(people=1).recipients.get()


def wish(call: UUID | None = None, **fields: Any) -> Wish:
    values: dict[str, Any] = {
        "source": Source.KEY,
        "asked_at": NOON,
        "about": "The bill",
        "step": "menu",
    } | fields
    return Wish(call=call or uuid4(), number_id=None, **values)


def entered(person: Recipient, **fields: Any) -> StaffCallback:
    call = fields.pop("call", None)
    asked = wish(call, **fields)
    assert staff_callbacks.enter(asked, recipient_id=person.pk, campaign_id=person.campaign_id) == ""
    return StaffCallback.objects.latest("pk")


def test_a_person_of_a_campaign_stands_with_who_when_and_what(asha: Recipient) -> None:
    row = entered(asha)
    assert (row.phone, row.name, row.language) == (asha.phone, asha.name, "hi")
    assert (row.recipient, row.campaign, row.about, row.step) == (asha, asha.campaign, "The bill", "menu")
    assert (row.asked_at, row.state, row.times) == (NOON, State.WAITING, 1)
    (notice,) = staff_callback_notices()
    assert notice.title == "1 person waits for a call by staff."


def test_who_asks_again_stands_once_with_the_later_wish(asha: Recipient) -> None:
    row = entered(asha)
    assert entered(asha, asked_at=NOON + timedelta(hours=1), about="The address") == row
    row.refresh_from_db()
    assert (row.times, row.about, row.asked_at) == (2, "The address", NOON + timedelta(hours=1))
    by_step = entered(asha, call=row.call, about="The street", source=Source.STEP)
    assert (by_step.pk, by_step.times, by_step.about) == (row.pk, 2, "The street")
    staff_callbacks.take(row.pk, by=cast.manager(), now=NOON)
    assert entered(asha).pk != row.pk


def test_a_caller_without_a_campaign_is_entered_by_the_number_and_one_without_a_number_is_not() -> None:
    assert staff_callbacks.enter(wish(), recipient_id=None, campaign_id=None, phone=CALLER) == ""
    assert StaffCallback.objects.get().phone == CALLER
    assert "can't be called back" in staff_callbacks.enter(wish(), recipient_id=None, campaign_id=None)
    assert StaffCallback.objects.count() == 1


def test_a_caller_who_was_not_served_and_wants_no_calls_is_left_out_and_one_who_asks_is_marked() -> None:
    suppress(CALLER, SuppressionRequest(source=Suppression.Source.STAFF, reason="asked"))
    whom: dict[str, Any] = {"recipient_id": None, "campaign_id": None, "phone": CALLER}
    staff_callbacks.enter(wish(source=Source.UNSERVED), **whom)
    assert not StaffCallback.objects.exists()
    staff_callbacks.enter(wish(), **whom)
    assert listed().get().opted_out  # type: ignore[attr-defined]  # an annotation


def test_what_was_asked_in_a_call_is_not_replaced_by_the_end_of_that_call(asha: Recipient) -> None:
    row = entered(asha)
    entered(asha, call=row.call, source=Source.UNSERVED, about="The call was not served.")
    row.refresh_from_db()
    assert (row.source, row.about, row.times) == (Source.KEY, "The bill", 1)


def test_of_two_who_take_a_person_one_is_told_who_was_first(asha: Recipient) -> None:
    row, meena, meera = entered(asha), cast.manager(), cast.second_manager()
    with pytest.raises(NotAllowed, match="take it first"):
        staff_callbacks.finish(row.pk, note="Rang.", by=meera, now=NOON)
    assert staff_callbacks.take(row.pk, by=meena, now=NOON).taken_by == meena
    with pytest.raises(NotAllowed, match="taken by Asha before"):
        staff_callbacks.take(row.pk, by=meera, now=NOON)
    assert staff_callbacks.give_back(row.pk, now=NOON).state == State.WAITING
    staff_callbacks.take(row.pk, by=meera, now=NOON)
    for note, why in ((" ", "what came of it"), ("x" * 2001, "at most 2000 letters")):
        with pytest.raises(NotAllowed, match=why):
            staff_callbacks.finish(row.pk, note=note, by=meera, now=NOON)
    done = staff_callbacks.finish(row.pk, note="A new bill was sent.", by=meera, now=NOON)
    assert (done.state, done.note, done.done_at) == (State.DONE, "A new bill was sent.", NOON)
    with pytest.raises(NotAllowed, match="Meera finished it before"):
        staff_callbacks.give_back(row.pk, now=NOON)
    noted = LogEntry.objects.filter(object_repr=f"call-back by staff {row.pk}").order_by("pk")
    assert [one.changes["state"][1] for one in noted] == ["taken", "given back", "taken", "done"]


def test_it_is_in_a_persons_file_and_goes_with_an_erasure_and_a_year_later(
    asha: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.clock.now", lambda: NOON)
    entered(asha)
    staff_callbacks.enter(wish(), recipient_id=None, campaign_id=None, phone=CALLER)
    (shown,) = evidence.pack(asha.phone, now=NOON)["staff_callbacks"]
    assert (shown["about"], shown["state"]) == ("The bill", "waiting")
    removed = erasure.forget(erasure.ask(asha.phone, reason="A letter.", by=None, now=NOON))
    assert removed["staff_callbacks"] == 1
    sweep = next(sweep for sweep in purge.SWEEPS if sweep.kind == "staff_callbacks")
    assert purge.purge([sweep], now=NOON + timedelta(days=364)) == 0
    assert purge.purge([sweep], now=NOON + timedelta(days=366)) == 1
