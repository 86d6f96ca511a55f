"""Insert a chunk of checked rows as people, set by set, in one transaction of the caller's.

The rows are loaded into a temporary table (COPY on PostgreSQL, one prepared statement on SQLite), and
the database itself finds who must not be called and who is in the campaign already. Two statements
for thousands of rows; what Django's `bulk_create` would do in 90 µs a person takes a third of that.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from campaigns.lifecycle.approvals import reason_of_new_people
from campaigns.models import Campaign, Import, ImportRow, Recipient, Suppression
from campaigns.pseudonyms import PREFIX, pseudonym
from campaigns.transitions import language


class NewPerson(NamedTuple):
    """A row without a mistake of its own. `variables` is a JSON object as text."""

    row_number: int
    phone: str
    name: str
    language: str
    variables: str
    note: str
    language_listed: str = ""
    """What the list says, where the person chose another language in a call."""


class Refusal(NamedTuple):
    """Why a row did not become a person."""

    fate: ImportRow.Fate
    reason: str


STAGED = NewPerson._fields
_COLUMNS = ", ".join(STAGED)
_TABLE = (
    "CREATE TEMPORARY TABLE import_staging (row_number integer, phone varchar(16),"
    " name varchar(200), language varchar(10), variables {json}, note text, language_listed varchar(10))"
)
_SUPPRESSED = (
    f"SELECT s.row_number, p.reason FROM import_staging s JOIN {Suppression._meta.db_table} p"
    " ON p.phone = s.phone WHERE p.lifted_at IS NULL AND (p.scope = 'organisation' OR p.category = %s)"
)
_INSERT = (
    f"INSERT INTO {Recipient._meta.db_table} ({_COLUMNS}, {{others}}) SELECT {_COLUMNS}, {{values}}"
    " FROM import_staging WHERE true ORDER BY row_number"
    " ON CONFLICT (campaign_id, phone) DO NOTHING RETURNING row_number"
)


def add_people(people: Sequence[NewPerson], source: Import, *, now: datetime) -> dict[int, Refusal]:
    """Add those who are new and may be called to the import's campaign, within the caller's transaction.

    Return the others by row number, with the reason. Of two rows with one number the first wins, in the
    file's order.
    """
    # First those whose number is kept only as its pseudonym.
    live = Suppression.objects.live(source.campaign.category).filter(phone__startswith=PREFIX)
    reasons = dict(live.values_list("phone", "reason"))
    names = ((person.row_number, pseudonym(person.phone)) for person in people if reasons)
    erased = {row: Refusal(ImportRow.Fate.SUPPRESSED, reasons[one]) for row, one in names if one in reasons}
    people = [person for person in people if person.row_number not in erased]
    if not people:
        return erased
    people = in_chosen_languages(people, source.campaign)
    with connection.cursor() as cursor:
        _load(cursor, people)
        cursor.execute(_SUPPRESSED, [source.campaign.category])
        suppressed = {number: Refusal(ImportRow.Fate.SUPPRESSED, why) for number, why in cursor.fetchall()}
        if suppressed:
            numbers = ", ".join(map(str, suppressed))
            cursor.execute(f"DELETE FROM import_staging WHERE row_number IN ({numbers})")
        inserted = _insert(cursor, source, now)
        cursor.execute("DROP TABLE import_staging")
    refused = erased | suppressed
    taken = inserted | suppressed.keys()
    rest = {person.row_number: person.phone for person in people if person.row_number not in taken}
    if not rest:
        return refused
    there = Recipient.objects.filter(campaign=source.campaign_id, phone__in=set(rest.values()))
    twice = {
        phone: f"The same number as in row {row_number}."
        if source_id == source.pk
        else "This number is in the campaign already."
        for phone, source_id, row_number in there.values_list("phone", "source_id", "row_number")
    }
    duplicates = {row: Refusal(ImportRow.Fate.DUPLICATE, twice[phone]) for row, phone in rest.items()}
    return refused | duplicates


def in_chosen_languages(people: Sequence[NewPerson], campaign: Campaign) -> list[NewPerson]:
    """Return the people, each in the language that they chose in an earlier call, if the campaign has it."""
    chosen = language.chosen([person.phone for person in people])
    spoken = {one for one in set(chosen.values()) if language.has_language(campaign, one)}
    found = []
    for person in people:
        wanted = chosen.get(person.phone, person.language)
        if wanted != person.language and wanted in spoken:
            note = f"{person.note} Chose “{wanted}” in a call; the list says “{person.language}”.".strip()
            person = person._replace(language=wanted, language_listed=person.language, note=note)
        found.append(person)
    return found


def _load(cursor: CursorWrapper, people: Sequence[NewPerson]) -> None:
    """Create the temporary table and load the rows into it."""
    if connection.vendor == "postgresql":
        cursor.execute(_TABLE.format(json="jsonb"))
        with cursor.copy(f"COPY import_staging ({_COLUMNS}) FROM STDIN") as copy:
            for person in people:
                copy.write_row(person)
        return
    cursor.execute(_TABLE.format(json="text"))
    cursor.executemany(f"INSERT INTO import_staging ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)", people)


def _insert(cursor: CursorWrapper, source: Import, now: datetime) -> set[int]:
    """Insert the staged people and return the numbers of their rows; those in the campaign are left out."""
    # All new people of one import have the same in the columns that are not staged.
    stamps = {"created_at": now, "changed_at": now}
    reason = reason_of_new_people(source.campaign)
    model = Recipient(campaign=source.campaign, source=source, reason=reason, **stamps)
    fields = [f for f in Recipient._meta.concrete_fields if not f.primary_key and f.name not in STAGED]
    same = {str(f.column): f.get_db_prep_save(getattr(model, f.attname), connection) for f in fields}
    values = ", ".join(["%s"] * len(same))
    cursor.execute(_INSERT.format(others=", ".join(same), values=values), list(same.values()))
    return {number for (number,) in cursor.fetchall()}
