"""Quotas as staff write them, and how many calls a cell gets."""

import pytest

from campaigns.errors import NotAllowed
from campaigns.schedule.quotas import MOST_CELLS, Cell, full, label, read, room, tidy, written

NAMES = ["district", "gender"]


@pytest.mark.parametrize(
    "text",
    [
        "Surat, female, 50\nSurat, male, 40",
        "Surat\tfemale\t50\nSurat\tmale\t40\n",
        "Surat; female; 50\n\nSurat ;male;40",
        'District,Gender,Wanted\n"Surat",female,50\n  Surat ,  male , 40',
    ],
    ids=["commas", "pasted from a spreadsheet", "semicolons", "with headings and quotes"],
)
def test_lines_and_pasted_tables_are_read(text: str) -> None:
    assert read(text, NAMES) == [Cell("Surat", "female", 50), Cell("Surat", "male", 40)]


def test_one_value_is_enough_and_no_number_means_as_many_as_come() -> None:
    assert read("Surat, 5\nAnand,", ["district"]) == [Cell("Surat", "", 5), Cell("Anand", "", None)]
    assert read("", NAMES) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Surat, 50", "Line 1: write district and gender and a number, such as “Surat, female, 50”."),
        ("Surat, female, 50\nSurat, male, many", "Line 2: “many” is no number from 0 to 10,00,000."),
        ("Surat, female, 50\nSURAT, Female, 40", "Line 2: SURAT × Female is there twice."),
        ("Surat, female, -1", "Line 1: “-1” is no number from 0 to 10,00,000."),
        ("\n".join(f"{n}, x, 1" for n in range(MOST_CELLS + 1)), "These are more than 400 cells."),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, why: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        read(text, NAMES)
    assert refused.value.reason == why


def test_what_is_written_down_is_read_again() -> None:
    cells = [Cell("Surat, Old City", "female", 50), Cell("Anand", "", 3)]
    assert read(written([*cells, Cell("Vapi", "male")], NAMES), NAMES) == cells


def test_how_a_cell_reads() -> None:
    assert full(NAMES, "Surat", "female") == "The quota of Surat × female is full."
    assert label(NAMES, "", "female") == "no district × female"
    assert label(["district"], "Surat", "") == "Surat"
    assert tidy("  New\n Delhi ") == "New Delhi"
    assert tidy(None) == ""


@pytest.mark.parametrize(
    ("target", "completed", "under_way", "more"),
    [
        (10, 0, 0, 40),
        (10, 9, 0, 4),
        (10, 9, 3, 1),
        (10, 9, 9, 0),
        (10, 10, 0, 0),
        (10, 14, 0, 0),
        (0, 0, 0, 0),
    ],
)
def test_a_cell_gets_four_calls_for_each_interview_it_lacks(
    target: int, completed: int, under_way: int, more: int
) -> None:
    assert room(target, completed=completed, under_way=under_way) == more
