"""Lists as offices send them, from upload to people: every row in one place, with a true reason."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings
from rest_framework.test import APIClient

from campaigns import clock
from campaigns.errors import UnreadableFile
from campaigns.imports import upload
from campaigns.imports.reader import columns_of, read_import
from campaigns.models import Campaign, Import
from campaigns.portal.forms import ColumnsForm
from tests import cast
from tests.campaigns.world import make_campaign

pytestmark = pytest.mark.django_db
CASES = Path(__file__).resolve().parents[2] / "data" / "lists"
TWO_NUMBERS = b"Name,Mobile,WhatsApp,Amount\nAsha,9825012401,9825012411,5\nRavi,9825012402,9825012412,6\n"


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings: Settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def load(campaign: Campaign, name: str) -> Import:
    source = upload.import_people(campaign, data=(CASES / name).read_bytes(), filename=name, by=None)
    assert source.uploaded == source.accepted + source.rejected + source.duplicate + source.suppressed
    return source


def reasons(source: Import) -> dict[int, str]:
    return dict(source.rows.values_list("row_number", "reason"))


def notes(campaign: Campaign) -> dict[int | None, str]:
    return dict(campaign.recipients.values_list("row_number", "note"))


def test_rows_that_a_filter_hides_are_not_called(campaign: Campaign) -> None:
    source = load(campaign, "56_filtered_rows.xlsx")
    assert sorted(campaign.recipients.values_list("name", flat=True)) == ["Asha", "Meena"]
    assert all("hidden in the workbook" in why for why in reasons(source).values())
    assert sorted(reasons(source)) == [3, 4]


def test_notes_below_a_list_are_not_called(campaign: Campaign) -> None:
    source = load(campaign, "60_footer_notes.csv")
    assert list(campaign.recipients.values_list("name", flat=True)) == ["Asha"]
    assert {row: why[:12] for row, why in reasons(source).items()} == {
        4: "“Note: verif",
        5: "“Generated b",
        6: "“Prepared by",
    }
    assert "due_date: “x” is no clear date" in notes(campaign)[2]


def test_amounts_that_are_unclear_are_noted_where_no_agent_speaks_them(campaign: Campaign) -> None:
    source = load(campaign, "43_amounts.csv")
    assert source.accepted == 12
    unclear = sorted(row or 0 for row, note in notes(campaign).items() if "is no clear amount" in note)
    assert unclear == [2, 3, 4, 5, 7, 8, 10, 11]
    assert notes(campaign)[9] == "The amount is zero."


def test_serial_dates_are_noted(campaign: Campaign) -> None:
    load(campaign, "24_excel_date_numbers.csv")
    assert "“46354” is no clear date: a spreadsheet has written it" in notes(campaign)[2]


def test_a_list_with_hardly_a_readable_number_gets_the_reason_of_each_row(campaign: Campaign) -> None:
    source = load(campaign, "76_stars.csv")
    assert (source.uploaded, source.rejected) == (5, 5)
    assert set(reasons(source).values()) == {"This is not a phone number: it holds letters or signs."}


def test_extensions_and_remarks_make_no_other_number(campaign: Campaign) -> None:
    load(campaign, "21_ext.csv")
    assert sorted(campaign.recipients.values_list("phone", flat=True)) == ["+919825012410", "+919825012412"]


@pytest.mark.parametrize("name", ["12b_unclosed_quote_short.csv", "81_quote_pair.csv", "31_locked.xlsx"])
def test_a_file_that_reads_as_something_else_adds_nobody(campaign: Campaign, name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"quotation mark|protected by a password"):
        load(campaign, name)
    assert not campaign.recipients.exists()


def test_names_for_a_font_are_told_before_and_after(campaign: Campaign) -> None:
    names = ["jes'k iVsy", "vk'kk 'kekZ", "lquhrk tks'kh", "fodkl ;kno", "dfork xqIrk", "txnh'k panz"]
    text = "Name,Mobile\n" + "".join(f"{name},98250{n:05d}\n" for n, name in enumerate(names))
    source = upload.receive(campaign, ContentFile(text.encode()), filename="a.csv", by=None)
    assert "a font such as Kruti Dev" in source.reason
    upload.choose(source, columns_of(source), by=None)
    read_import(source.pk, clock=clock.now)
    source.refresh_from_db()
    assert source.reason.startswith("6 of 6 people were added. The names seem to be written for a font")


def test_a_choice_between_two_numbers_is_left_to_a_person(campaign: Campaign) -> None:
    source = upload.receive(campaign, ContentFile(TWO_NUMBERS), filename="a.csv", by=None)
    asked = "Which column is the phone number to be called: “Mobile” or “WhatsApp”?"
    assert source.reason == asked
    with pytest.raises(UnreadableFile, match="Which column is the phone number"):
        upload.choose(source, columns_of(source), by=None)
    form = ColumnsForm(headings=source.columns["headings"], columns=columns_of(source))
    assert [form[f"use_{place}"].initial for place in range(4)] == ["name", "", "", "variable"]
    with pytest.raises(UnreadableFile, match="Which column is the phone number"):
        upload.import_people(campaign, data=TWO_NUMBERS, filename="a.csv", by=None)


def test_a_program_is_asked_too_and_may_say_it_at_once(campaign: Campaign) -> None:
    client, path = APIClient(), f"/api/campaigns/{campaign.pk}/people/"
    client.force_authenticate(cast.manager())
    answer = client.post(path, {"file": ContentFile(TWO_NUMBERS, name="a.csv")})
    assert (answer.status_code, answer.json()["state"]) == (202, Import.State.MAPPING)
    assert answer.json()["reason"].startswith("Which column is the phone number")
    assert answer.json()["columns"]["asked"] == {"phone": [1, 2]}
    told = client.post(path, {"file": ContentFile(TWO_NUMBERS, name="a.csv"), "phone": "whatsapp"}).json()
    assert (told["state"], told["columns"]["phone"]) == (Import.State.WAITING, 2)
