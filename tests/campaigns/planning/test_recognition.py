"""Who is recognised by what they key in: one person of a campaign on the number, after few tries."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from campaigns.compliance.suppressions import SuppressionRequest, suppress
from campaigns.models import Campaign, PhoneNumber, Recipient, RecognitionTry, Suppression
from campaigns.planning import recognition
from campaigns.planning.recognition import TooManyTries
from tests.campaigns.world import NOON, make_campaign

pytestmark = pytest.mark.django_db
CALLER = "+919825112499"


@pytest.fixture
def asha() -> Recipient:
    """Asha has an account, written with a space, in a campaign that runs; Ravi has another."""
    asha, ravi = make_campaign(people=2).recipients.order_by("pk")
    Recipient.objects.filter(pk=asha.pk).update(variables={"account": "1234 5678"})
    Recipient.objects.filter(pk=ravi.pk).update(variables={"account": "8765-4321"})
    PhoneNumber.objects.update(recognise_days=30)
    asha.refresh_from_db()
    return asha


def recognised(keyed: str, *, call: UUID | None = None, **fields: Any) -> Recipient | None:
    sought: dict[str, Any] = {"phone": CALLER, "column": "account", "now": NOON} | fields
    return recognition.recognise(PhoneNumber.objects.get(), call=call or uuid4(), keyed=keyed, **sought)


def test_the_one_person_in_whose_row_it_stands_is_found(asha: Recipient) -> None:
    assert recognised("12345678") == asha
    assert recognised("1234567") is None
    assert recognised("12345678", column="branch") is None
    assert recognised(asha.phone.removeprefix("+91"), column="phone") == asha


def test_what_stands_with_several_people_or_is_too_short_finds_no_one(asha: Recipient) -> None:
    Recipient.objects.update(variables={"account": "1234"})
    assert recognised("1234") is None
    Recipient.objects.exclude(pk=asha.pk).update(variables={"account": "123"})
    assert recognised("123") is None
    assert recognised("1234") == asha


@pytest.mark.parametrize(
    ("state", "days", "found"),
    [("completed", 29, True), ("completed", 31, False), ("cancelled", 1, False), ("draft", 0, False)],
)
def test_campaigns_count_while_they_run_and_for_the_numbers_days(
    asha: Recipient, state: str, days: int, found: bool
) -> None:
    Campaign.objects.update(state=state, state_since=NOON - timedelta(days=days))
    assert (recognised("12345678") == asha) is found


def test_who_opted_out_is_not_found_nor_a_person_of_another_number(asha: Recipient) -> None:
    other = PhoneNumber.objects.create(account=asha.campaign.number.account, e164="+917961344109")
    sought: dict[str, Any] = {"phone": CALLER, "column": "account", "keyed": "12345678", "now": NOON}
    assert recognition.recognise(other, call=uuid4(), **sought) is None
    other.delete()
    Recipient.objects.filter(pk=asha.pk).update(state=Recipient.State.COMPLETED)
    suppress(asha.phone, SuppressionRequest(source=Suppression.Source.STAFF, reason="asked"))
    assert recognised("12345678") is None


def test_tries_are_few_in_a_call_in_an_hour_and_for_callers_without_a_number(asha: Recipient) -> None:
    call = uuid4()
    for _ in range(3):
        recognised("0000", call=call)
    with pytest.raises(TooManyTries, match="3 times in this call"):
        recognised("12345678", call=call)
    for _ in range(3):
        recognised("0000")
    with pytest.raises(TooManyTries, match="6 tries within an hour"):
        recognised("12345678")
    assert recognised("12345678", phone="+919825112498") == asha
    assert recognised("12345678", now=NOON + timedelta(hours=1)) == asha
    for _ in range(30):
        recognised("0000", phone="")
    with pytest.raises(TooManyTries, match="30 tries"):
        recognised("12345678", phone="")


def test_tries_hold_no_number_and_go_after_a_day(asha: Recipient) -> None:
    recognised("0000")
    assert RecognitionTry.objects.get().whose.startswith("x")
    recognised("0000", now=NOON + timedelta(days=1, seconds=1))
    assert RecognitionTry.objects.count() == 1
