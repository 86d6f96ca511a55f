"""Made-up lists of people, as large as asked for, with a known share of bad rows."""

import csv
import random
from pathlib import Path

HEADINGS = ("Sr No", "Customer Name", "Mobile No.", "Language", "EMI Amount", "Due Date", "Loan No")
FIRST = ("आशा", "रमेश", "भावना", "सुनीता", "विक्रम", "प्रीति", "मोहन", "कविता", "अर्जुन", "लक्ष्मी")
LAST = ("पटेल", "शर्मा", "देशमुख", "यादव", "कुलकर्णी", "चौधरी", "जोशी", "गुप्ता")
LANGUAGES = ("Hindi", "हिंदी", "Gujarati", "Marathi", "hi-IN")
WAYS = ("{}", "{}", "{}", "0{}", "+91{}", "91{}", "+91 {}")
BAD = ("9.87654E+09", "12345", "", "1600112345", "9999999999", "98250 12345 / 98250 12346")


def numbers(rows: int) -> list[str]:
    """Return so many different mobile numbers without order."""
    chosen = random.Random(20261123).sample(range(300_000_000), rows)
    return [f"9{6 * 10**8 + number:09d}" for number in chosen]


def write_list(path: Path, rows: int) -> None:
    """Write a list as an office sends it; the same one every time."""
    dice, phones = random.Random(7), numbers(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for place in range(rows):
            writer.writerow(_row(place, phones, dice))


def _row(place: int, phones: list[str], dice: random.Random) -> tuple[object, ...]:
    fate = dice.random()
    phone = phones[dice.randrange(place)] if fate < 0.01 and place else phones[place]
    written = dice.choice(BAD) if fate > 0.98 else dice.choice(WAYS).format(phone)
    name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
    amount, due = f"1,{dice.randrange(100):02d},000", f"{dice.randrange(1, 29):02d}/12/2026"
    return place + 1, name, written, dice.choice(LANGUAGES), amount, due, f"LN{place:08d}"
