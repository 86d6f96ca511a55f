"""What people answered, by question, and as a file of one row an answer."""

import csv
import io
from decimal import Decimal

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from calls.models import Answer, Call, MediaProcess
from calls.reports import answers
from calls.reports.answers import Given
from campaigns import clock
from campaigns.models import Campaign, Message
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(message: Message) -> Campaign:
    return message.recipient.campaign


def call_of(message: Message) -> Call:
    campaign = message.recipient.campaign
    process, now = MediaProcess.objects.create(), clock.now()
    return Call.objects.create(
        number=campaign.number,
        campaign=campaign,
        message=message,
        process=process,
        recipient=message.recipient,
        state="ended",
        ended_at=now,
    )


def answered(call: Call, question: str, value: str, **fields: object) -> Answer:
    given = {"label": value, "recipient": call.recipient} | fields
    return Answer.objects.create(call=call, question=question, value=value, **given)


def test_ratings_have_a_mean_and_stand_by_their_number(message: Message, campaign: Campaign) -> None:
    for value, count in (("5", 1), ("10", 1), ("2", 2)):
        for _ in range(count):
            answered(call_of(message), "rate", value, kind="rating")
    (question,) = answers.by_question(campaign)
    assert question.given == [Given("2", 2), Given("5", 1), Given("10", 1)]
    assert (question.calls, question.mean) == (4, Decimal("4.8"))
    assert question.heard is None


def test_of_a_call_its_last_answer_counts_and_the_share_heard_is_of_all_questions_together(
    message: Message, campaign: Campaign
) -> None:
    first, second = call_of(message), call_of(message)
    fields: dict[str, object] = {"kind": "choice", "question_ms": 2000}
    answered(first, "pay", "1", **fields, heard_ms=100, heard_whole=False)
    answered(first, "pay", "2", **fields | {"label": "Needs time"}, heard_ms=1000, heard_whole=False)
    answered(second, "pay", "1", **fields, heard_ms=2000, heard_whole=True)
    answered(call_of(message), "pay", "1", kind="choice")
    (question,) = answers.by_question(campaign)
    assert question.given == [Given("1", 2), Given("Needs time", 1)]
    assert (question.heard, question.whole, question.known, question.mean) == (75, 1, 2, None)


def test_many_different_numbers_end_in_one_row_and_texts_are_not_listed(
    message: Message, campaign: Campaign
) -> None:
    for value in range(20):
        answered(call_of(message), "sum", str(value), kind="number")
    answered(call_of(message), "pin", "560001", kind="text")
    amount, pin = answers.by_question(campaign)
    assert (amount.calls, amount.mean) == (20, Decimal("9.5"))
    assert (len(amount.given), amount.given[-1]) == (13, Given("Others", 8))
    assert (pin.name, pin.calls, list(pin.given)) == ("pin", 1, [])


def test_two_queries_however_many_answers(
    message: Message, campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for value in ("1", "2", "3"):
        answered(call_of(message), value, value)
    with django_assert_num_queries(2):
        assert [question.name for question in answers.by_question(campaign)] == ["1", "2", "3"]


def test_the_card_and_the_file_of_a_campaign(message: Message, campaign: Campaign) -> None:
    browser = cast.browser(cast.manager())
    card = reverse("campaign-answers", args=[campaign.pk])
    assert card in browser.get(campaign.get_absolute_url()).content.decode()
    assert "No answer yet" in browser.get(card).content.decode()
    call = call_of(message)
    fields: dict[str, object] = {"kind": "rating", "step": "rate", "version": 3}
    answered(call, "how_was_it", "4", **fields, heard_ms=500, question_ms=2000, heard_whole=False)
    shown = browser.get(card).content.decode()
    assert "How was it" in shown
    assert "4.0 on average" in shown
    assert "25 % of the question heard" in shown
    assert "25 % of the question" in browser.get(call.get_absolute_url()).content.decode()
    file = browser.get(reverse("campaign-answers-file", args=[campaign.pk]))
    content = b"".join(file.streaming_content)  # type: ignore[attr-defined]  # of the test client
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(rows) == 1
    assert rows[0]["reference"] == message.reference
    figures = {name: rows[0][name] for name in answers.COLUMNS[3:]}
    assert figures == {
        "question": "how_was_it",
        "kind": "rating",
        "value": "4",
        "label": "4",
        "step": "rate",
        "version": "3",
        "heard_ms": "500",
        "question_ms": "2000",
        "heard_whole": "no",
        "tags": "",
    }


def test_numbers_are_masked_for_those_who_may_not_see_them(message: Message, campaign: Campaign) -> None:
    answered(call_of(message), "q", "1")
    whole, masked = (
        [row[0] for row in answers.table(campaign, whole_numbers=whole)][1] for whole in (True, False)
    )
    assert whole == message.recipient.phone
    assert masked != whole
    assert masked.endswith(whole[-3:])
