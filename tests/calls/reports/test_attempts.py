"""A campaign's attempts in the columns of the platform's own delivery report."""

import csv
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from calls.models import Answer, Call, MediaProcess
from calls.reports import attempts
from campaigns.models import Campaign, Message, Recipient, UploadBatch, User
from campaigns.portal.downloads import as_csv
from campaigns.spreadsheets.reader import read_sheet
from tests import cast

pytestmark = pytest.mark.django_db

#: The reference, section 1: "The platform's delivery report has the columns …".
REFERENCE = (
    "phone_number, name, language, requested_on, sent_on, delivery_status, duration, response_value, "
    "tag1, tag2, tag3, tag4, tag5"
)
ASKED_FOR = datetime(2026, 11, 24, 5, 30, tzinfo=UTC)


@pytest.fixture
def campaign(message: Message) -> Campaign:
    """Meena was called, answered and pressed keys; Ravi's call is planned for the next day, before dawn."""
    campaign = message.recipient.campaign
    batch = UploadBatch.objects.create(
        account=campaign.template.account, size=1, state="confirmed", claimed_until=ASKED_FOR
    )
    Message.objects.filter(pk=message.pk).update(
        send_on=ASKED_FOR, batch=batch, state="done", disposition="answered", duration_seconds=3671
    )
    ravi = Recipient.objects.create(
        campaign=campaign, phone="+919825112411", name="=HYPERLINK(1)", language="hi"
    )
    Message.objects.create(recipient=ravi, attempt=1, send_on=datetime(2026, 11, 24, 19, 0, tzinfo=UTC))
    call = Call.objects.create(
        number=campaign.number,
        message=message,
        process=MediaProcess.objects.create(),
        started_at=ASKED_FOR + timedelta(seconds=7),
    )
    for second, (question, value) in enumerate([("when", "1"), ("how", "3"), ("when", "2")]):
        Answer.objects.create(
            call=call, question=question, value=value, at=ASKED_FOR + timedelta(seconds=second)
        )
    return campaign


def body(answer: object) -> bytes:
    """What a browser would save."""
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # of the test client


def rows(answer: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body(answer).decode("utf-8-sig"))))


def test_every_column_of_the_reference_is_there_in_its_order(campaign: Campaign) -> None:
    answer = cast.browser(cast.manager()).get(reverse("campaign-report", args=[campaign.pk]), {"kind": "csv"})
    assert list(rows(answer)[0]) == REFERENCE.split(", ")


def test_a_row_says_who_when_how_and_what_was_answered(campaign: Campaign, message: Message) -> None:
    address = reverse("campaign-report", args=[campaign.pk])
    done, planned = rows(cast.browser(cast.manager()).get(address, {"kind": "csv"}))
    message.refresh_from_db()
    assert message.batch
    assert list(done.values()) == [
        *("+919825112410", "Meena", "gu", "2026-11-24T11:00:00", "2026-11-24T11:00:07"),
        *("answered", "01:01:11", "2;3", "", "", "", message.batch.reference, message.reference),
    ]
    assert (planned["delivery_status"], planned["sent_on"], planned["duration"]) == ("planned", "", "")
    assert planned["name"] == "'=HYPERLINK(1)"


def test_the_workbook_holds_the_same_as_text(campaign: Campaign) -> None:
    browser, address = cast.browser(cast.manager()), reverse("campaign-report", args=[campaign.pk])
    sheet = read_sheet(body(browser.get(address, {"kind": "xlsx"})), "report.xlsx")
    assert sheet.headers == REFERENCE.split(", ")
    assert [cells[:2] for _, cells in sheet.rows] == [
        ["+919825112410", "Meena"],
        ["+919825112411", "=HYPERLINK(1)"],
    ]


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"since": "2026-11-25"}, ["'=HYPERLINK(1)"]),  # 00:30 IST of the 25th
        ({"until": "2026-11-24"}, ["Meena"]),
        ({"state": "done"}, ["Meena"]),
        ({"since": "2026-11-26"}, []),
    ],
)
def test_by_day_in_india_and_by_state(campaign: Campaign, chosen: dict[str, str], names: list[str]) -> None:
    browser, address = cast.browser(cast.manager()), reverse("api-campaign-report", args=[campaign.pk])
    assert [row["name"] for row in rows(browser.get(address, chosen))] == names


def test_a_choice_that_cannot_be_is_told(campaign: Campaign) -> None:
    browser, wrong = cast.browser(cast.manager()), {"since": "2026-11-26", "until": "2026-11-24"}
    page = browser.get(reverse("campaign-report", args=[campaign.pk]), {"kind": "csv", **wrong})
    assert page.status_code == 422
    assert "must not be earlier" in page.content.decode()
    api = browser.get(reverse("api-campaign-report", args=[campaign.pk]), wrong)
    assert (api.status_code, list(api.json())) == (400, ["until"])


def test_a_viewer_gets_masked_numbers_and_an_outsider_nothing(campaign: Campaign) -> None:
    for name in ("campaign-report", "api-campaign-report"):
        address = reverse(name, args=[campaign.pk])
        seen = body(cast.browser(cast.viewer()).get(address, {"kind": "csv"})).decode()
        assert "+919825112410" not in seen
        assert "410" in seen
        assert cast.browser(cast.outsider()).get(address, {"kind": "csv"}).status_code == 403
        User.objects.all().delete()


def test_twenty_times_the_rows_take_no_more_memory(campaign: Campaign) -> None:
    def peak(choice: attempts.Choice) -> int:
        tracemalloc.start()
        count = sum(1 for _ in attempts.table(campaign, choice, whole_numbers=True))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert count > 1
        return most

    first, second = date(2026, 12, 1), date(2026, 12, 2)
    _add_attempts(campaign, 1_000, first)
    _add_attempts(campaign, 20_000, second)
    small = peak(attempts.Choice(since=first, until=first))
    assert peak(attempts.Choice(since=second, until=second)) < 2 * small


def _add_attempts(campaign: Campaign, count: int, day: date) -> None:
    first, at = campaign.recipients.count(), datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    people = Recipient.objects.bulk_create(
        Recipient(campaign=campaign, phone=f"+9170{first + place:08d}", language="hi")
        for place in range(count)
    )
    Message.objects.bulk_create(Message(recipient=person, attempt=1, send_on=at) for person in people)


async def test_under_asgi_the_first_rows_are_sent_before_the_last_are_made() -> None:
    made: list[int] = []

    def numbers() -> Iterator[Sequence[str]]:
        for number in range(5_000):
            made.append(number)
            yield [str(number)]

    pieces = aiter(as_csv(numbers(), stem="x"))
    assert (await anext(pieces)).decode() == "\ufeff"
    assert (await anext(pieces)).startswith(b"0\r\n1\r\n")
    assert len(made) < 5_000
    assert (b"".join([piece async for piece in pieces])).endswith(b"4999\r\n")
