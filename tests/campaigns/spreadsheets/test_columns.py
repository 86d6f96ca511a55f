from pathlib import Path

import pytest

from campaigns.errors import SheetError
from campaigns.spreadsheets.columns import (
    RESERVED_NAMES,
    Columns,
    check_columns,
    heading_score,
    holds_phone,
    match_columns,
    normalise_language,
    question,
)
from campaigns.spreadsheets.reader import read_sheet
from campaigns.xfin.schemas import RESERVED_FIELDS

CASES = Path(__file__).resolve().parents[2] / "data" / "lists"
PHONES = ("98123 00001", "98123 00002", "9.87654E+09")


def rows(*cells: str) -> list[list[str]]:
    return [[phone, *cells] for phone in PHONES]


@pytest.mark.parametrize(
    ("headers", "phone", "name", "language"),
    [
        (["Mobile No.", "Cust. Name", "Bhasha"], 0, 1, 2),
        (["PHONE_NUMBER", "NAME", "LANG"], 0, 1, 2),
        (["मोबाइल नंबर", "ग्राहक का नाम", "भाषा"], 0, 1, 2),
        (["મોબાઈલ નંબર", "નામ", "ભાષા"], 0, 1, 2),
        (["கைபேசி எண்", "பெயர்", "மொழி"], 0, 1, 2),
        (["WhatsApp", "Branch Name", "Borrower"], 0, 2, None),
    ],
)
def test_columns_are_known_by_their_headings(
    headers: list[str], phone: int, name: int | None, language: int | None
) -> None:
    columns = match_columns(headers, rows("x", "y"))
    assert (columns.phone, columns.name, columns.language) == (phone, name, language)


def test_the_phone_column_must_hold_phones_whatever_it_is_called() -> None:
    samples = [["Nokia 105", phone, "98123 00009"] for phone in PHONES]
    assert match_columns(["Phone", "Number", "Account No"], samples).phone == 1


def test_an_account_number_is_not_the_phone() -> None:
    samples = [["9812300077", phone] for phone in PHONES]
    assert match_columns(["Loan Account Mobile", "Contact"], samples).phone == 1


def test_a_list_without_headings_is_known_by_its_content() -> None:
    samples = [
        ["1,25,000", phone, name, "हिंदी"] for phone, name in zip(PHONES, ("Asha", "Ram", "Sita"), strict=True)
    ]
    columns = match_columns(["Column 1", "Column 2", "Column 3", "Column 4"], samples)
    assert columns == Columns(phone=1, name=2, language=3, variables={"column_1": 0})


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("EMI Amount (Rs.)", "amount"),
        ("Amount Due", "amount"),
        ("राशि", "amount"),
        ("Due Dt", "due_date"),
        ("EMI Due Date", "due_date"),
        ("Date", "due_date"),
        ("देय तारीख", "due_date"),
        ("Last Date", "last_date"),
        ("Policy No.", "policy_no"),
        ("शाखा का पता", "शाखा_का_पता"),
        ("Status", "field_status"),
        ("tag5", "field_tag5"),
        ("2nd visit", "field_2nd_visit"),
        ("***", "column_2"),
    ],
)
def test_other_columns_become_variables(header: str, name: str) -> None:
    assert match_columns(["Mobile", header], rows("x")).variables == {name: 1}


def test_variables_of_one_name_are_told_apart_and_serials_and_blanks_left_out() -> None:
    headers = ["Mobile", "Amount", "EMI", "Sr. No.", ""]
    assert match_columns(headers, rows("1", "2", "3", "")).variables == {"amount": 1, "amount_2": 2}


def test_no_variable_takes_a_name_that_xfin_gives_a_meaning() -> None:
    assert RESERVED_NAMES == RESERVED_FIELDS


def test_a_list_without_phones_says_what_it_has() -> None:
    with pytest.raises(SheetError, match="no column that looks like phone numbers") as caught:
        match_columns(["Item", "Price"], [["Rice", "1,25,000"], ["Dal", "28/11/2026"]])
    assert "“Item”, “Price”" in caught.value.reason


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hindi", "hi"),
        ("हिंदी", "hi"),
        ("हिन्दी", "hi"),
        ("hi-IN", "hi"),
        ("HI_in", "hi"),
        (" hin ", "hi"),
        ("ગુજરાતી", "gu"),
        ("Gujrati", "gu"),
        ("தமிழ்", "ta"),
        ("Tamil (India)", "ta"),
        ("मराठी", "mr"),
        ("తెలుగు", "te"),
        ("ಕನ್ನಡ", "kn"),
        ("മലയാളം", "ml"),
        ("বাংলা", "bn"),
        ("ਪੰਜਾਬੀ", "pa"),
        ("اردو", "ur"),
        ("English", "en"),
        ("od-IN", "or"),
        ("ଓଡ଼ିଆ", "or"),
        ("ओड़िया", "or"),
        ("Assamese", "as"),
        ("Klingon", None),
        ("", None),
        ("-", None),
    ],
)
def test_a_language_is_known_in_any_usual_writing(text: str, code: str | None) -> None:
    assert normalise_language(text) == code


@pytest.mark.parametrize(
    "cell", ["98123 00001", "9.87654E+09", "98123 00001 / 02", "1600112345", "9999999999"]
)
def test_spoilt_numbers_still_show_where_the_phones_are(cell: str) -> None:
    assert holds_phone(cell)


@pytest.mark.parametrize("cell", ["", "1,25,000", "28/11/2026", "1.25E+05", "380001", "Asha", "2026-11-28"])
def test_amounts_dates_and_words_do_not_look_like_phones(cell: str) -> None:
    assert not holds_phone(cell)


def test_a_row_with_a_phone_number_is_no_heading() -> None:
    assert heading_score(["Name", "Mobile No.", "Branch"]) == 2
    assert heading_score(["Name", "98123 00001"]) == 0


def test_whoever_knows_better_names_the_headings() -> None:
    headers = ["Branch phone", "Father", "Sathi", "Ph 2", "EMI"]
    rows = [["9825112410", "Mohan", "Asha", "9825112411", "1250"]]
    assert match_columns(headers, rows).phone == 0
    columns = match_columns(headers, rows, chosen={"phone": " ph 2 ", "name": "SATHI", "language": ""})
    assert (columns.phone, columns.name, columns.language) == (3, 2, None)
    assert set(columns.variables.values()) == {0, 1, 4}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"phone": "Mobil"}, "No column is headed “Mobil”. The headings are: Mobile, Name, Name."),
        ({"name": "Name"}, "Several columns are headed “Name”"),
        ({"name": "Mobile"}, "One column was chosen for two things"),
    ],
)
def test_a_heading_that_is_not_there_is_said(chosen: dict[str, str], words: str) -> None:
    with pytest.raises(SheetError) as refused:
        match_columns(["Mobile", "Name", "Name"], [["9825112410", "Asha", "Ravi"]], chosen=chosen)
    assert words in refused.value.reason


def case(name: str) -> tuple[list[str], Columns]:
    sheet = read_sheet((CASES / name).read_bytes(), name)
    return sheet.headers, match_columns(sheet.headers, [cells for _, cells in sheet.rows])


@pytest.mark.parametrize(
    ("name", "phone", "person"),
    [
        ("18_guarantor_phone.csv", "Mobile", "Name"),
        ("18d_agent_mobile.csv", "Customer Mobile", "Customer"),
        ("51c_aadhaar.csv", "Aadhaar Linked Mobile", "Name"),
        ("76_stars.csv", "Mobile", "Name"),
        ("82_customer_name.csv", "Mobile", "Name"),
    ],
)
def test_the_number_and_name_of_the_person_are_taken_and_not_those_beside_them(
    name: str, phone: str, person: str
) -> None:
    headers, columns = case(name)
    assert columns.asked == {}
    assert columns.name is not None
    assert (headers[columns.phone], headers[columns.name]) == (phone, person)


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        (["Mobile 1", "Mobile 2"], ["Mobile 1", "Mobile 2"]),
        (["Phone 2", "Phone"], ["Phone", "Phone 2"]),
        (["Mobile", "Guarantor Mobile 2"], ["Mobile"]),
        (["Mobile", "WhatsApp"], ["Mobile", "WhatsApp"]),
        (["Father Mobile", "Mother Mobile"], ["Father Mobile", "Mother Mobile"]),
        (["Guarantor Phone", "Phone"], ["Phone"]),
        (["Office Phone", "Customer Mobile"], ["Customer Mobile"]),
        (["Wer", "Wohin"], ["Wer", "Wohin"]),
        (["Ref No", "Phone"], ["Phone"]),
        (["Column 1", "Column 2"], ["Column 1", "Column 2"]),
    ],
)
def test_a_choice_between_two_numbers_is_asked_and_not_guessed(headers: list[str], asked: list[str]) -> None:
    columns = match_columns(headers, [["98250 12401", "98250 12402"]] * 5)
    found = [headers[place] for place in columns.asked.get("phone", (columns.phone,))]
    assert found == asked
    said = question(columns, headers)
    assert said == (
        f"Which column is the phone number to be called: “{'” or “'.join(asked)}”?" if len(asked) > 1 else ""
    )


def test_a_column_headed_otherwise_is_asked_about_if_the_headed_one_holds_no_number() -> None:
    samples = [["Nokia 105", phone] for phone in PHONES]
    assert match_columns(["Phone", "Number"], samples).asked == {"phone": (1, 0)}
    assert match_columns(["Phone", "Number"], samples, chosen={"phone": "number"}).asked == {}


def test_two_names_are_asked_about() -> None:
    headers = ["Mobile", "First Name", "Last Name"]
    columns = match_columns(headers, rows("Asha", "Patel"))
    assert question(columns, headers) == "Which column is the name: “First Name” or “Last Name”?"


def test_its_own_guess_can_be_confirmed() -> None:
    columns = match_columns(["Mobile", "Agent Name", "Name"], rows("Raju", "C001"))
    check_columns(columns, 3)
    assert columns.variables == {"agent_name": 1, "field_name": 2}
