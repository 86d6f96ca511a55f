"""The sample lists, row by row: what an office sends, and what becomes of it.

emi-reminders.csv, 60 people: 50 accepted (one of them a landline), 6 rejected, 4 duplicates.
fee-reminders.csv, 12 people: 9 accepted (one of them a landline), 2 rejected, 1 duplicate.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import campaigns
from campaigns.phones import PhoneProblem, parse_number
from campaigns.spreadsheets.columns import match_columns, normalise_language
from campaigns.spreadsheets.reader import read_sheet

SAMPLES = Path(str(campaigns.__file__)).parent / "samples"


@dataclass
class CheckedRows:
    """What an import would make of a list."""

    rows: int = 0
    accepted: dict[str, int] = field(default_factory=dict)
    duplicate: list[int] = field(default_factory=list)
    rejected: dict[int, PhoneProblem] = field(default_factory=dict)
    notes: Counter[str] = field(default_factory=Counter)


def sort_list(name: str) -> CheckedRows:
    sheet = read_sheet((SAMPLES / name).read_bytes(), name)
    rows = list(sheet.rows)
    columns = match_columns(sheet.headers, [row for _, row in rows])
    result = CheckedRows(rows=len(rows))
    for number, row in rows:
        judged = parse_number(row[columns.phone])
        if judged.problem is not None or judged.e164 is None:
            assert judged.problem is not None
            result.rejected[number] = judged.problem
        elif judged.e164 in result.accepted:
            result.duplicate.append(number)
        else:
            result.accepted[judged.e164] = number
            result.notes[judged.note] += 1
    return result


def test_the_main_list_has_exactly_sixty_people_and_each_is_accounted_for() -> None:
    done = sort_list("emi-reminders.csv")
    assert (done.rows, len(done.accepted), len(done.duplicate), len(done.rejected)) == (60, 50, 4, 6)


def test_each_rejected_row_of_the_main_list_has_its_reason() -> None:
    assert sort_list("emi-reminders.csv").rejected == {
        9: PhoneProblem.DAMAGED,
        23: PhoneProblem.SPECIAL_SERIES,
        30: PhoneProblem.SEVERAL_NUMBERS,
        36: PhoneProblem.PLACEHOLDER,
        45: PhoneProblem.WRONG_LENGTH,
        56: PhoneProblem.FOREIGN,
    }


def test_the_duplicates_of_the_main_list_are_spelt_differently() -> None:
    assert sort_list("emi-reminders.csv").duplicate == [22, 34, 50, 61]


def test_the_main_list_has_one_landline_and_two_repaired_numbers() -> None:
    notes = sort_list("emi-reminders.csv").notes
    assert sum(count for note, count in notes.items() if "landline" in note) == 1
    assert sum(count for note, count in notes.items() if "removed" in note) == 2


def test_the_main_list_is_what_an_office_sends() -> None:
    data = (SAMPLES / "emi-reminders.csv").read_bytes()
    sheet = read_sheet(data, "emi-reminders.csv")
    rows = [row for _, row in sheet.rows]
    columns = match_columns(sheet.headers, rows)
    assert data.startswith(b"\xef\xbb\xbf")
    assert (sheet.header_row, sheet.rows.empty) == (2, 1)
    assert sheet.headers == [
        "Sr.",
        "Cust. Name",
        "Mobile No.",
        "Bhasha",
        "EMI Amount (Rs.)",
        "Due Dt",
        "Branch",
    ]
    assert (columns.name, columns.phone, columns.language) == (1, 2, 3)
    assert columns.variables == {"amount": 4, "due_date": 5, "branch": 6}
    assert all(re.fullmatch(r"\d{1,3}(,\d\d)*(,\d{3})?|\d+", row[4]) for row in rows)
    assert all(re.fullmatch(r"\d\d/\d\d/2026", row[5]) for row in rows)
    assert rows[0][4] == "1,25,000"


@pytest.mark.parametrize(
    ("script", "least"), [("DEVANAGARI", 15), ("GUJARATI", 15), ("TAMIL", 10), ("LATIN", 5)]
)
def test_names_stand_in_their_own_scripts(script: str, least: int) -> None:
    sheet = read_sheet((SAMPLES / "emi-reminders.csv").read_bytes(), "emi-reminders.csv")
    names = [row[1] for _, row in sheet.rows]
    assert sum(unicodedata.name(name[0]).startswith(script) for name in names) >= least


@pytest.mark.parametrize(
    "form",
    [
        r"\d{10}",
        r"\d{5} \d{5}",
        r"0\d{10}",
        r"\+91-\d{5}-\d{5}",
        r"91\d{10}",
        r"[०-९]{10}",
        r"[૦-૯]{10}",
        r"[௦-௯]{10}",
        r"'\d{10}",
        r"\d{10}\.0",
        r"0091 \d{10}",
        r"091\d{10}",
        r"079-\d{4} \d{4}",
        r"1600 \d\d \d{4}",
        r"9\.87654E\+09",
    ],
)
def test_every_form_of_number_is_in_the_main_list(form: str) -> None:
    sheet = read_sheet((SAMPLES / "emi-reminders.csv").read_bytes(), "emi-reminders.csv")
    assert any(re.fullmatch(form, row[2], re.ASCII) for _, row in sheet.rows)


@pytest.mark.parametrize("name", ["emi-reminders.csv", "fee-reminders.csv"])
def test_every_language_of_the_lists_is_known(name: str) -> None:
    sheet = read_sheet((SAMPLES / name).read_bytes(), name)
    rows = [row for _, row in sheet.rows]
    place = match_columns(sheet.headers, rows).language
    assert place is not None
    assert None not in {normalise_language(row[place]) for row in rows}


def test_the_second_list_is_latin_1_with_semicolons() -> None:
    sheet = read_sheet((SAMPLES / "fee-reminders.csv").read_bytes(), "fee-reminders.csv")
    assert (sheet.encoding, sheet.delimiter) == ("iso8859-1", ";")
    assert "Conceição Vaz" in [row[0] for _, row in sheet.rows]
    done = sort_list("fee-reminders.csv")
    assert (done.rows, len(done.accepted), done.duplicate) == (12, 9, [9])
    assert done.rejected == {8: PhoneProblem.DAMAGED, 12: PhoneProblem.SPECIAL_SERIES}
