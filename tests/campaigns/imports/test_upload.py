"""A list goes in, every row is accounted for."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from campaigns.errors import UnreadableFile
from campaigns.imports.upload import import_people
from campaigns.models import Campaign, Import, ImportRow, Suppression
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
SAMPLES = Path(settings.BASE_DIR) / "campaigns" / "samples"

LIST = """Name,Mobile,Language,Amount
Asha,98765 43210,Hindi,"1,25,000"
Bhavna,09876543210,Gujarati,500
Chitra,9.87654E+09,Tamil,700
Deepa,+91-98250-12345,ta-IN,800
Esha,,Hindi,900
"""


def load(campaign: Campaign, text: str = LIST, filename: str = "people.csv") -> Import:
    return import_people(campaign, data=text.encode(), filename=filename, by=None)


def fates(source: Import) -> dict[int, tuple[str, str]]:
    return {row.row_number: (row.fate, row.reason) for row in source.rows.all()}


def test_each_row_ends_in_one_place_with_a_reason() -> None:
    campaign = make_campaign()
    source = load(campaign)
    assert (source.uploaded, source.accepted, source.rejected, source.duplicate) == (5, 2, 2, 1)
    assert source.reason.startswith("2 of 5 people were added.")
    rows = fates(source)
    assert rows[3] == (ImportRow.Fate.DUPLICATE, "The same number as in row 2.")
    assert rows[4][0] == ImportRow.Fate.REJECTED
    assert "cut digits off" in rows[4][1]
    assert rows[6] == (ImportRow.Fate.REJECTED, "There is no phone number.")


def test_people_keep_what_is_to_be_spoken() -> None:
    campaign = make_campaign()
    load(campaign)
    asha = campaign.recipients.get(row_number=2)
    assert (asha.phone, asha.name, asha.language) == ("+919876543210", "Asha", "hi")
    assert asha.variables == {"amount": "1,25,000"}
    assert campaign.recipients.get(row_number=5).language == "ta"


def test_the_same_file_twice_adds_nobody_and_says_so() -> None:
    campaign = make_campaign()
    load(campaign)
    again = load(campaign)
    assert (again.accepted, again.duplicate) == (0, 3)
    assert again.reason.startswith("This file was imported before; nobody was added.")
    assert campaign.recipients.count() == 2


def test_whoever_asked_us_to_stop_is_not_taken() -> None:
    campaign = make_campaign()
    Suppression.objects.create(phone="+919876543210", source="key", reason="Pressed 9 in a call.")
    source = load(campaign)
    assert (source.accepted, source.suppressed, source.duplicate) == (1, 2, 0)
    assert fates(source)[2] == (ImportRow.Fate.SUPPRESSED, "Pressed 9 in a call.")


def test_our_own_number_is_no_callee() -> None:
    campaign = make_campaign()
    source = load(campaign, f"Phone\n{campaign.number.e164}\n9876543210\n")
    assert (source.accepted, source.rejected) == (1, 1)


def test_an_unknown_language_is_noted_and_the_campaigns_own_is_used() -> None:
    campaign = make_campaign(default_language="gu")
    load(campaign, "Phone,Language\n9876543210,Klingon\n9825012345,Hindi\n9825012346,Hindi\n")
    person = campaign.recipients.get(row_number=2)
    assert person.language == "gu"
    assert "Klingon" in person.note


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "empty"), (b"%PDF-1.4 ...", "PDF"), (b"Colour,Taste\nred,sweet\nblue,sour\n", "phone")],
)
def test_a_file_without_people_is_refused_with_a_reason_and_nothing_is_kept(data: bytes, words: str) -> None:
    campaign = make_campaign()
    with pytest.raises(UnreadableFile) as refused:
        import_people(campaign, data=data, filename="people.csv", by=None)
    assert words in refused.value.reason
    assert not Import.objects.exists()


@pytest.mark.parametrize("name", ["emi-reminders.csv", "fee-reminders.csv"])
def test_the_samples_add_up(name: str) -> None:
    campaign = make_campaign()
    source = import_people(campaign, data=(SAMPLES / name).read_bytes(), filename=name, by=None)
    assert source.uploaded == source.accepted + source.rejected + source.duplicate + source.suppressed
    assert source.accepted == campaign.recipients.count()
    assert source.rows.count() == source.uploaded - source.accepted
    assert all(row.reason for row in source.rows.all())


def test_the_database_refuses_rows_that_do_not_add_up() -> None:
    source = load(make_campaign())
    with pytest.raises(IntegrityError), transaction.atomic():
        Import.objects.filter(pk=source.pk).update(rejected=99)


def test_a_separator_inside_a_cell_does_not_turn_a_lakh_into_a_rupee() -> None:
    campaign = make_campaign()
    source = load(campaign, "Mobile,Name,Amount\n9876543210,Asha,1,25,000\n9825012345,Bhavna,500\n")
    assert (source.accepted, source.rejected) == (1, 1)
    assert "5 cells for 3 headings" in fates(source)[2][1]


@pytest.mark.parametrize("state", [Campaign.State.COMPLETED, Campaign.State.CANCELLED])
def test_nobody_is_added_to_a_campaign_that_has_ended(state: str) -> None:
    campaign = make_campaign(state=state)
    with pytest.raises(UnreadableFile, match="has ended"):
        load(campaign)
    assert not Import.objects.exists()
