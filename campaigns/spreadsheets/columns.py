"""PURE: which column of an uploaded list holds the phone number, the name, the language.

Offices head their columns in their own words and scripts, so both the words and what stands in the
column count. Everything else becomes a variable a template may speak.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from campaigns.errors import SheetError
from campaigns.phones import PhoneProblem, parse_number
from campaigns.spreadsheets.written import shows_decimal_comma

# Names a variable may not have on its way to XFin (campaigns/xfin/schemas.py, RESERVED_FIELDS).
RESERVED_NAMES = frozenset(
    {
        *("id", "phone_number", "language", "template", "templatelanguage", "send_on", "values", "tags"),
        *("status", "state", "error", "errors", "duration", "execution_state_reason_code"),
        *("instant_message", "reference", "tag1", "tag2", "tag3", "tag4", "tag5"),
    }
)


def _word_set(text: str) -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFC", text).split())


_PHONE_WORDS = _word_set(
    "mobile mob mobil phone ph tel telephone contact cell cellphone whatsapp phoneno mobileno mobilenumber"
    " phonenumber contactno msisdn मोबाइल मोबाईल फोन फ़ोन दूरभाष संपर्क મોબાઇલ મોબાઈલ ફોન સંપર્ક"
    " கைபேசி மொபைல் தொலைபேசி அலைபேசி செல்"
)
_NAME_WORDS = _word_set(
    "name naam nam customer cust borrower member student patient farmer fullname customername नाम नाव ग्राहक"
    " નામ ગ્રાહક பெயர் வாடிக்கையாளர்"
)
_LANGUAGE_WORDS = _word_set("language lang bhasha bhasa basha boli भाषा ભાષા மொழி")
_AMOUNT_WORDS = _word_set(
    "amount amt emi fee fees dues premium balance outstanding rakam rashi राशि रकम રકમ தொகை"
)
_DATE_WORDS = _word_set("date dt duedate tarikh tareekh तारीख दिनांक તારીખ தேதி")
_DUE_WORDS = _word_set("due duedate देय नियत")
_SERIAL_WORDS = _word_set("sr srno sl slno sno serial क्रम क्रमांक ક્રમ வரிசை")
_ALL_WORDS = frozenset().union(
    *(_PHONE_WORDS, _NAME_WORDS, _LANGUAGE_WORDS, _AMOUNT_WORDS, _DATE_WORDS, _DUE_WORDS, _SERIAL_WORDS)
)
#: Words for a telephone, and not for a person or an address as well.
_TELEPHONE_WORDS = _PHONE_WORDS - _word_set("contact ph cell contactno संपर्क સંપર્ક செல்")
#: Whose number or name it is, if not that of the person to be called.
_SOMEONE_ELSE = _word_set(
    "guarantor surety agent dealer broker officer office branch manager executive staff rm fos collector"
    " helpline reference referee nominee father husband wife spouse mother parent guardian coapplicant sender"
    " caller alternate alternative alt secondary second other emergency landline fax 2 3"
    " गारंटर जमानतदार एजेंट पिता पति शाखा कार्यालय જામીન એજન્ટ પિતા પતિ શાખા"
)
#: Of two columns that only these tell apart either could be meant.
_FURTHER = frozenset("23")
_NUMBER_OF_SOMETHING = _word_set(
    "account acct ac loan aadhaar aadhar uid pan gst id ref reference policy consumer meter invoice bill "
    "voter"
    " epic ration roll application receipt order ticket card folio crn cif खाता આધાર आधार"
)
_A_PERSON = _word_set("name person")
_NOT_THE_PHONE = _NUMBER_OF_SOMETHING | _A_PERSON
_NOT_THE_NAME = (_SOMEONE_ELSE - _FURTHER) | _word_set(
    "file bank product scheme village company user mobile phone id code no"
)

_LANGUAGES = {
    "hi": "hi hin hindi हिंदी हिन्दी હિન્દી હિંદી இந்தி ஹிந்தி",
    "gu": "gu guj gujarati gujrati gujrathi ગુજરાતી गुजराती குஜராத்தி",
    "mr": "mr mar marathi marathy मराठी મરાઠી மராத்தி",
    "ta": "ta tam tamil thamizh தமிழ் तमिल તમિલ",
    "te": "te tel telugu telegu తెలుగు तेलुगु தெலுங்கு",
    "kn": "kn kan kannada kanada ಕನ್ನಡ कन्नड़ கன்னடம்",
    "ml": "ml mal malayalam malyalam മലയാളം मलयालम மலையாளம்",
    "bn": "bn ben bengali bangla বাংলা बंगाली बांग्ला",
    "pa": "pa pan pun punjabi panjabi ਪੰਜਾਬੀ पंजाबी",
    "ur": "ur urd urdu اردو उर्दू",
    "en": "en eng english angrezi अंग्रेज़ी अंग्रेजी इंग्लिश અંગ્રેજી ஆங்கிலம்",
    "or": "or od ori ory odia oriya ଓଡ଼ିଆ ओड़िया",
    "as": "as asm assamese asamiya অসমীয়া असमिया",
}

#: The headings that a file of rows not accepted has behind its own; they are nothing to be spoken.
OURS = ("row", "result", "reason")
_MOST_SAMPLES = 200
_LONGEST_VARIABLE = 60


@dataclass(frozen=True)
class Columns:
    """Positions of the columns, counted from 0; `None` where there is no such column.

    `variables` maps a variable's name to its column: `amount` and `due_date` for what is headed so
    in any of the known words, else the heading in small letters with underscores. `decimal_comma` are the
    variables that hold amounts such as 1.250,50. `asked` has the places that could be meant where `phone` or
    `name` must be chosen by a person; the first of them stands in its field until then.
    """

    phone: int
    name: int | None = None
    language: int | None = None
    variables: dict[str, int] = field(default_factory=dict)
    decimal_comma: tuple[str, ...] = ()
    asked: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def match_columns(
    headers: Sequence[str],
    sample_rows: Sequence[Sequence[str]],
    *,
    chosen: Mapping[str, str] | None = None,
) -> Columns:
    """Return the columns of a list, found by their headings and by the rows given.

    `chosen` names the headings of `phone`, `name` and `language` where staff have chosen them. Where two
    columns could be meant the choice is left open (`Columns.asked`). Raises `SheetError` when no column looks
    like phone numbers, or a chosen one is not there.
    """
    samples = sample_rows[:_MOST_SAMPLES]
    known = {use: _place_of(heading, headers) for use, heading in (chosen or {}).items() if heading.strip()}
    phones = [known["phone"]] if "phone" in known else _phone_columns(headers, samples)
    phone = phones[0]
    taken: set[int | None] = {*phones, *known.values()}
    names = [known["name"]] if "name" in known else _name_columns(headers, samples, taken=taken)
    name = next(iter(names), None)
    taken.add(name)
    language = known["language"] if "language" in known else _language_column(headers, samples, taken=taken)
    used = [place for place in (phone, name, language) if place is not None]
    if len(set(used)) < len(used):
        raise SheetError("One column was chosen for two things. Choose each column once.")
    rest = [place for place in range(len(headers)) if place not in used]
    variables = _variables(headers, samples, rest)
    comma = (
        word for word, place in variables.items() if any(map(shows_decimal_comma, _filled(samples, place)))
    )
    found = {"phone": tuple(phones), "name": tuple(names)}
    asked = {use: places for use, places in found.items() if len(places) > 1}
    return Columns(phone, name, language, variables, tuple(comma), asked)


def question(columns: Columns, headers: Sequence[str]) -> str:
    """Return what must be chosen by a person, in a sentence for each; empty if nothing is open."""
    said = []
    for use, places in columns.asked.items():
        names = " or ".join(f"“{headers[place].strip()[:40] or f'Column {place + 1}'}”" for place in places)
        what = {"phone": "Which column is the phone number to be called", "name": "Which column is the name"}
        said.append(f"{what[use]}: {names}?")
    return " ".join(said)


def _place_of(heading: str, headers: Sequence[str]) -> int:
    """Return the position of the one column with this heading. Raises `SheetError` for none or several."""
    wanted = heading.strip().casefold()
    places = [place for place, header in enumerate(headers) if header.strip().casefold() == wanted]
    if len(places) != 1:
        what = "No column is" if not places else "Several columns are"
        raise SheetError(f"{what} headed “{heading.strip()[:40]}”. The headings are: {', '.join(headers)}.")
    return places[0]


def check_columns(columns: Columns, width: int) -> None:
    """Raise `SheetError`, with a sentence for staff, for a choice of columns that cannot be used.

    That is one that a list of this width can't have, or that XFin would not take.
    """
    places = [columns.phone, columns.name, columns.language, *columns.variables.values()]
    used = [place for place in places if place is not None]
    if any(not 0 <= place < width for place in used):
        raise SheetError("There is no such column in the file.")
    if len(used) != len(set(used)):
        raise SheetError("One column was chosen for two things. Choose each column once.")
    if not set(columns.decimal_comma) <= set(columns.variables):
        raise SheetError("Only a variable can have a decimal comma.")
    for name in columns.variables:
        if name in RESERVED_NAMES or name == "name":
            raise SheetError(f"A variable can't be called “{name}”: that word has a meaning of its own.")
        if len(name) > _LONGEST_VARIABLE or name != _slug(name, 0):
            raise SheetError(
                f"“{name[:40]}” is no name for a variable. Use small letters, digits and underscores."
            )


def places_of_ours(headers: Sequence[str]) -> set[int]:
    """Return the places of the columns that we added to a file of rows not accepted; empty for other
    files.
    """
    plain = [header.strip().casefold() for header in headers]
    starts = [at for at in range(len(plain)) if tuple(plain[at : at + len(OURS)]) == OURS]
    return {at + step for at in starts for step in range(len(OURS))}


def normalise_language(text: str) -> str | None:
    """Return the two-letter code of a language named in any usual way ("Hindi", "हिंदी", "hi-IN"), or None.

    The 13 languages of india-calling-rules.md §8; Odia is `or`, whatever a provider calls it.
    """
    words = _words(re.sub(r"[-_][A-Za-z]{2}$", "", text.strip()))
    return next((_CODE_OF_WORD[word] for word in words if word in _CODE_OF_WORD), None)


def heading_score(cells: Sequence[str]) -> int:
    """Return how many cells of a row are words that head a column; 0 for a row that holds a phone number."""
    if any(holds_phone(cell) for cell in cells):
        return 0
    return sum(1 for cell in cells if len(cell) <= 60 and _ALL_WORDS.intersection(_words(cell)))


def holds_phone(cell: str) -> bool:
    """Return whether the cell is a phone number, or one that a spreadsheet or a slip has spoilt."""
    problem = parse_number(cell).problem
    return problem in (
        None,
        PhoneProblem.DAMAGED,
        PhoneProblem.SEVERAL_NUMBERS,
        PhoneProblem.SPECIAL_SERIES,
        PhoneProblem.PLACEHOLDER,
    )


def _phone_columns(headers: Sequence[str], samples: Sequence[Sequence[str]]) -> list[int]:
    """Return the columns that could be the phone number to be called. Raises `SheetError` for none.

    A heading decides: first the person's own number, then that of another or a linked one. A column without
    such a heading counts only if no column with one holds phone numbers, and must be one by most of its
    cells.
    """
    columns = [_filled(samples, place) for place in range(len(headers))]
    shares = [sum(map(holds_phone, cells)) / max(1, len(cells)) for cells in columns]
    words = [set(_words(header)) for header in headers]
    # Beside a word that means a telephone alone, only “name” and “person” say that it is another column.
    headed = [
        place
        for place, said in enumerate(words)
        if said & _PHONE_WORDS and not said & (_A_PERSON if said & _TELEPHONE_WORDS else _NOT_THE_PHONE)
    ]
    others_words = _SOMEONE_ELSE | _NUMBER_OF_SOMETHING
    own = [place for place in headed if not words[place] & others_words]
    if own:
        own += [place for place in headed if place not in own and words[place] & others_words <= _FURTHER]
    for places in (own, headed):
        if filled := [place for place in places if shares[place]]:
            return filled
    others = [
        place for place, share in enumerate(shares) if share >= 0.6 and not words[place] & _NOT_THE_PHONE
    ]
    if found := others + (own or headed):
        return found
    shown = ", ".join(f"“{header.strip()[:30]}”" for header in headers[:8] if header.strip())
    there = f" The columns found are {shown}." if shown else ""
    raise SheetError(
        "This file has no column that looks like phone numbers."
        f"{there} Give the column a heading such as “Mobile” and upload the file again."
    )


def _name_columns(
    headers: Sequence[str], samples: Sequence[Sequence[str]], *, taken: set[int | None]
) -> list[int]:
    """Return the columns that could be the person's name; empty for none.

    A heading decides, unless most of its cells are no words: “Customer” also heads codes. In a list without
    headings it is the first column whose cells are mostly different words without digits.
    """
    free = [place for place in range(len(headers)) if place not in taken]
    if not any(heading_score([header]) for header in headers):
        for place in free:
            cells = _filled(samples, place)
            named = [cell for cell in cells if cell[:1].isalpha() and not re.search(r"\d", cell)]
            varied = len(named) > len(cells) * 0.8 and len(set(named)) > len(named) * 0.5
            if varied and not all(map(normalise_language, named)):
                return [place]
        return []
    headed = []
    for place in free:
        words, cells = set(_words(headers[place])), _filled(samples, place)
        if words & _NAME_WORDS and not words & _NOT_THE_NAME:
            named = [cell for cell in cells if not re.search(r"\d", cell)]
            headed += [place] if len(named) * 2 >= len(cells) else []
    return headed


def _language_column(
    headers: Sequence[str], samples: Sequence[Sequence[str]], *, taken: set[int | None]
) -> int | None:
    free = [place for place in range(len(headers)) if place not in taken]
    for place in free:
        if _LANGUAGE_WORDS.intersection(_words(headers[place])):
            return place
    for place in free:
        cells = _filled(samples, place)
        if sum(1 for cell in cells if normalise_language(cell)) > len(cells) * 0.7:
            return place
    return None


def _variables(
    headers: Sequence[str], samples: Sequence[Sequence[str]], places: Sequence[int]
) -> dict[str, int]:
    """Return the variables' names with their columns; serial numbers and empty columns are left out."""
    found: dict[str, int] = {}
    ours = places_of_ours(headers)
    for place in places:
        if place in ours:
            continue
        header = headers[place].strip()
        words = set(_words(header))
        if words & _SERIAL_WORDS or not (header or _filled(samples, place)):
            continue
        wanted = _slug(header, place)
        if words & _AMOUNT_WORDS and not words & _DATE_WORDS:
            wanted = "amount"
        elif words & _DATE_WORDS and (words & _DUE_WORDS or len(words) == 1):
            wanted = "due_date"
        name, number = wanted, 1
        while name in found:
            number += 1
            name = f"{wanted}_{number}"
        found[name] = place
    return found


def _slug(header: str, place: int) -> str:
    """Return the heading as a name: letters and digits of any script, everything else an underscore.

    Vowel signs are marks to Unicode and belong to the letters they stand by.
    """
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in header.casefold())
    slug = "_".join(kept.split()) or f"column_{place + 1}"
    return f"field_{slug}" if slug in RESERVED_NAMES or slug == "name" or slug[0].isdigit() else slug


def _filled(samples: Sequence[Sequence[str]], place: int) -> list[str]:
    return [row[place] for row in samples if place < len(row) and row[place].strip()]


def _words(text: str) -> list[str]:
    """Return the words in small letters, then all as one word: "Mobile No." gives "mobileno" too."""
    plain = unicodedata.normalize("NFC", text).casefold()
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in plain)
    words = kept.split()
    return [*words, "".join(words)] if words else []


_CODE_OF_WORD = {
    unicodedata.normalize("NFC", name): code for code, names in _LANGUAGES.items() for name in names.split()
}
