"""Files of people for standing lists: joined, brought up to date, refused with a reason, drawn once."""

import io
from datetime import date

import pytest
import xlsxwriter
from auditlog.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from campaigns.errors import NotAllowed
from campaigns.models import Draw, Member, MemberDate, StandingList, Suppression
from campaigns.programmes import draw, members
from campaigns.programmes.members import ListResult, look_at_members, read_members
from campaigns.pseudonyms import pseudonym
from tests import cast
from tests.campaigns.api.test_campaigns import api
from tests.campaigns.programmes.test_draw import make_programme, morning

pytestmark = pytest.mark.django_db

HEAD = "Mobile,Name,Language,Due date,Birth,Clinic\n"
FILE = HEAD + (
    "98251 12410,Asha,Gujarati,27/11/2026,1996-02-29,Anand\n"
    "9825112411,Ravi,Hindi,30 Nov 2026,,Nadiad\n"
    "12345,Nobody,Hindi,27/11/2026,,Anand\n"
    "09825112410,Asha again,Gujarati,28/11/2026,,Anand\n"
    "9825112412,Meena,Hindi,next week,,Anand\n"
)


@pytest.fixture
def mothers() -> StandingList:
    return StandingList.objects.create(name="Mothers")


KRUTI_DEV = [(10, "txnh'k"), (11, "lqjs'k"), (12, "jes'k"), (13, "egs'k"), (14, "fnus'k")]


def take(standing_list: StandingList, text: str = FILE) -> ListResult:
    return read_members(standing_list, io.BytesIO(text.encode()), "mothers.csv")


def dates(phone: str) -> dict[str, date]:
    return dict(MemberDate.objects.filter(member__phone=phone).values_list("name", "day"))


def test_people_join_with_dates_and_variables_and_bad_rows_say_why(mothers: StandingList) -> None:
    result = take(mothers)
    assert result.dates == ["due_date", "birth"]
    assert (result.rows, result.new, result.changed, result.same) == (5, 2, 0, 0)
    assert [row for row, _ in result.refusals] == [4, 5, 6]
    assert [why for _, why in result.refusals][1:] == [
        "The same number as in row 2.",
        "“next week” under due_date is no date; write it as 28/11/2026.",
    ]
    asha = Member.objects.get(phone="+919825112410")
    assert (asha.name, asha.language, asha.variables) == ("Asha", "gu", {"clinic": "Anand"})
    assert dates("+919825112410") == {"due_date": date(2026, 11, 27), "birth": date(1996, 2, 29)}
    assert dates("+919825112411") == {"due_date": date(2026, 11, 30)}
    assert "mothers.csv into Mothers: 2 new, 0 changed" in LogEntry.objects.latest("pk").changes["people"][1]


def test_the_same_file_twice_adds_and_changes_nothing(mothers: StandingList) -> None:
    take(mothers)
    before = list(Member.objects.order_by("pk").values())
    again = take(mothers)
    assert (again.new, again.changed, again.same, len(again.refusals)) == (0, 0, 2, 3)
    assert list(Member.objects.order_by("pk").values()) == before
    assert MemberDate.objects.count() == 3


def test_what_changed_is_brought_up_to_date_and_an_empty_cell_leaves_what_is_there(
    mothers: StandingList,
) -> None:
    take(mothers)
    result = take(mothers, HEAD + "9825112410,,,29/11/2026,,Nadiad\n9825112411,Ravi,Hindi,,,\n")
    assert (result.new, result.changed, result.same) == (0, 1, 1)
    asha = Member.objects.get(phone="+919825112410")
    assert (asha.name, asha.language, asha.variables) == ("Asha", "gu", {"clinic": "Nadiad"})
    assert dates("+919825112410") == {"due_date": date(2026, 11, 29), "birth": date(1996, 2, 29)}
    assert dates("+919825112411") == {"due_date": date(2026, 11, 30)}


def test_no_file_has_an_occurrence_drawn_twice() -> None:
    programme = make_programme()
    mothers, today = programme.standing_list, morning(date(2026, 11, 24))
    row = HEAD + "9825112410,Asha,Gujarati,{},,Anand\n"
    drawn = []
    for day in ("27/11/2026", "27/11/2026", "30/11/2026", "27/11/2026", "26/11/2026"):
        take(mothers, row.format(day))
        drawn.append(draw.draw(programme.pk, now=today))
    assert drawn == [1, 0, 0, 0, 1]
    assert set(Draw.objects.values_list("occurrence", flat=True)) == {date(2026, 11, 27), date(2026, 11, 26)}


def test_whoever_must_not_be_called_does_not_join_even_if_only_the_code_is_known(
    mothers: StandingList,
) -> None:
    for phone in ("+919825112410", pseudonym("+919825112411")):
        Suppression.objects.create(phone=phone, source="key", reason="Asked us to stop.")
    result = take(mothers)
    assert not Member.objects.exists()
    assert result.refusals[:2] == [(2, "Asked us to stop."), (3, "Asked us to stop.")]


def test_a_workbook_is_read_as_well_and_other_lists_are_left_alone(mothers: StandingList) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["Mobile", "Due date"])
        sheet.write_number(1, 0, 9825112410)
        sheet.write_datetime(1, 1, date(2026, 11, 27), day)
    other = StandingList.objects.create(name="Fathers")
    take(other)
    result = read_members(mothers, file, "mothers.xlsx")
    assert (result.new, result.dates) == (1, ["due_date"])
    assert MemberDate.objects.get(member__standing_list=mothers).day == date(2026, 11, 27)
    assert other.members.count() == 2


def test_what_is_no_list_and_what_is_too_long_is_refused_whole(
    mothers: StandingList, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotAllowed, match="no column that looks like phone numbers"):
        take(mothers, "Name,Town\nAsha,Anand\n")
    monkeypatch.setattr(members, "MOST_ROWS", 4)
    with pytest.raises(NotAllowed, match="more than 4 rows"):
        take(mothers)
    assert not Member.objects.exists()


def test_strides_do_not_hide_a_number_that_came_before(
    mothers: StandingList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "CHUNK", 1)
    assert (take(mothers).new, len(take(mothers).refusals)) == (2, 3)


BRANCH = "Branch phone,Ph 2,Sathi,Due date\n9825112410,9825112411,Asha,27/11/2026\n"


def test_a_look_tells_everything_and_stores_nothing(mothers: StandingList) -> None:
    before = LogEntry.objects.count()
    looked = look_at_members(mothers, io.BytesIO(FILE.encode()), "mothers.csv")
    assert (Member.objects.count(), LogEntry.objects.count()) == (0, before)
    assert looked == take(mothers)
    assert looked.read_as[:2] == [("Mobile", "phone"), ("Name", "name")]
    assert looked.read_as[3:] == [
        ("Due date", "date due_date"),
        ("Birth", "date birth"),
        ("Clinic", "variable clinic"),
    ]


def test_what_is_odd_about_a_file_and_its_rows_is_said(mothers: StandingList) -> None:
    workbook = io.BytesIO()
    with xlsxwriter.Workbook(workbook) as book:
        rows = [["Mobile", "Name", "Amount"], *([f"98251124{n}", name, "5,00"] for n, name in KRUTI_DEV)]
        for number, row in enumerate(rows):
            (book.get_worksheet_by_name("June") or book.add_worksheet("June")).write_row(number, 0, row)
        book.add_worksheet("July").write_row(0, 0, ["Mobile", "Name"])
    workbook.seek(0)
    result = read_members(mothers, workbook, "mothers.xlsx")
    assert result.new == len(KRUTI_DEV)
    sheets, names = result.remarks
    assert "July" in sheets
    assert "Kruti Dev" in names
    assert [row for row, _ in result.notes] == [2, 3, 4, 5, 6]
    assert all(note.startswith("amount: ") for _, note in result.notes)
    browser, address = cast.browser(cast.manager()), reverse("standing-list", args=[mothers.pk])
    workbook.seek(0)
    answer = browser.post(address, {"file": SimpleUploadedFile("mothers.xlsx", workbook.read())})
    for text in (names.split("(")[0], "taken, but look at them", "amount: "):
        assert text in answer.content.decode()


def test_a_wrong_guess_is_corrected_by_naming_the_headings(mothers: StandingList) -> None:
    headings = {"phone": "ph 2", "name": "Sathi"}
    result = read_members(mothers, io.BytesIO(BRANCH.encode()), "branch.csv", headings=headings)
    assert (result.new, dict(result.read_as)["Ph 2"]) == (1, "phone")
    assert (Member.objects.get().phone, Member.objects.get().name) == ("+919825112411", "Asha")
    with pytest.raises(NotAllowed, match="No column is headed “Phone”"):
        read_members(mothers, io.BytesIO(BRANCH.encode()), "branch.csv", headings={"phone": "Phone"})


# --- Portal and API ---------------------------------------------------------------------------------


def test_a_manager_uploads_and_reads_what_became_of_each_row(mothers: StandingList) -> None:
    browser, address = cast.browser(cast.manager()), reverse("standing-list", args=[mothers.pk])
    answer = browser.post(address, {"file": SimpleUploadedFile("mothers.csv", FILE.encode())})
    shown = answer.content.decode()
    assert "5 rows: 2 new, 0 changed, 0 the same, 3 not taken. Dates: due_date, birth." in shown
    assert "The same number as in row 2." in shown
    assert reverse("standing-list", args=[mothers.pk]) in browser.get(reverse("programmes")).content.decode()
    refused = browser.post(address, {"file": SimpleUploadedFile("x.csv", b"Name,Town\nAsha,Anand\n")})
    assert refused.status_code == 422
    assert "no column that looks like phone numbers" in refused.content.decode()


def test_a_manager_looks_first_and_names_the_headings(mothers: StandingList) -> None:
    browser, address = cast.browser(cast.manager()), reverse("standing-list", args=[mothers.pk])

    def post(do: str, phone: str) -> str:
        file = SimpleUploadedFile("branch.csv", BRANCH.encode())
        return browser.post(address, {"file": file, "do": do, "phone": phone}).content.decode()

    assert "called: “Branch phone” or “Ph 2”? Say so by its heading." in post("look", "")
    assert "Branch phone → phone; Ph 2 → variable ph_2" in post("look", "branch phone")
    assert "Nothing is stored yet." in post("look", "Ph 2")
    assert not Member.objects.exists()
    assert "Ph 2 → phone" in post("read", "Ph 2")
    assert Member.objects.get().phone == "+919825112411"


def test_a_program_looks_first(mothers: StandingList) -> None:
    client, path = api(cast.manager()), f"/api/standing-lists/{mothers.pk}/people/"
    wish = {
        "file": SimpleUploadedFile("b.csv", BRANCH.encode()),
        "phone": "Ph 2",
        "only_look": "true",
    }
    said = client.post(path, wish).json()
    assert (said["new"], said["read_as"][1]) == (1, {"heading": "Ph 2", "use": "phone"})
    assert not Member.objects.exists()


def test_a_viewer_looks_and_does_not_upload(mothers: StandingList) -> None:
    browser, address = cast.browser(cast.viewer()), reverse("standing-list", args=[mothers.pk])
    assert "multipart" not in browser.get(address).content.decode()
    assert browser.post(address, {"file": SimpleUploadedFile("m.csv", FILE.encode())}).status_code == 403
    assert not Member.objects.exists()


def test_a_program_sends_a_file(mothers: StandingList) -> None:
    client, path = api(cast.manager()), f"/api/standing-lists/{mothers.pk}/people/"
    answer = client.post(path, {"file": SimpleUploadedFile("mothers.csv", FILE.encode())})
    assert answer.status_code == 200
    said = answer.json()
    assert (said["rows"], said["new"], said["same"]) == (5, 2, 0)
    assert [one["row"] for one in said["refused"]] == [4, 5, 6]
    assert client.post(path, {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")}).status_code == 400
    viewer = api(cast.viewer())
    assert viewer.post(path, {"file": SimpleUploadedFile("m.csv", FILE.encode())}).status_code == 403
