"""Write or look up many rows at once, by the fastest way that the database has."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from time import sleep
from typing import Any, TypeAlias

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Field, JSONField, Model
from django.db.models.expressions import RawSQL

from campaigns.models import Campaign, Recipient

#: The longest time between two looks of a waiting SQLite writer, and a little more.
_POLL_SECONDS = 0.11

AnyField: TypeAlias = "Field[Any, Any]"


def among(texts: Iterable[str]) -> RawSQL:
    """Return texts for a lookup with `__in`, as one parameter: thousands of single ones are slow to write."""
    each = "json_array_elements_text" if _database().vendor == "postgresql" else "json_each"
    return RawSQL(f"SELECT value FROM {each}(%s)", [json.dumps(list(texts))])


def among_keys(keys: Iterable[int]) -> RawSQL:
    """Return keys for a lookup with `__in`, as one parameter."""
    each = "json_array_elements_text" if _database().vendor == "postgresql" else "json_each"
    return RawSQL(f"SELECT CAST(value AS bigint) FROM {each}(%s)", [json.dumps(list(keys))])


def keys(rows: Iterable[Model]) -> RawSQL:
    """Return the keys of rows for a lookup with `__in`, without rows that are not saved yet."""
    return among_keys(row.pk for row in rows if row.pk)


def add_campaigns(people: Sequence[Recipient]) -> dict[int, Recipient]:
    """Give people the few campaigns that they share, with what decides about a call; return people by key.

    Joined to each person's row, each would come with its own copy of all that.
    """
    related = Campaign.objects.select_related(
        "number", "template", "retry_template", "agent", "dialogue_version"
    )
    campaigns = related.in_bulk({person.campaign_id for person in people})
    field = Recipient._meta.get_field("campaign")
    for person in people:  # as `select_related` does it: an assignment checks the model and the router
        field.set_cached_value(person, campaigns[person.campaign_id])
    return {person.pk: person for person in people}


def let_others_write() -> None:
    """Leave SQLite's write lock free for a moment; to be called between long transactions of a loop.

    SQLite's writers poll for the lock, at last every 100 ms: a loop that takes it again at once keeps it from
    them for seconds, and a call that begins meanwhile waits. PostgreSQL has queues and needs no pause.
    """
    if _database().vendor == "sqlite":
        sleep(_POLL_SECONDS)


def insert(model: type[Model], rows: Sequence[object]) -> None:
    """Add new rows of a model: COPY on PostgreSQL, one prepared statement elsewhere. Their keys stay unknown.

    A row is anything with the model's fields as attributes, its instances among them. Django writes every
    value of an INSERT as text into the statement itself, 70 µs a row; COPY takes a sixth.
    """
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    table, values = model._meta.db_table, map(attrgetter(*(field.attname for field in fields)), rows)
    connection = _database()
    if connection.vendor == "postgresql":
        _copy(table, fields, values)
        return
    columns, places = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f'INSERT INTO "{table}" ({columns}) VALUES ({places})',
            [
                [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)]
                for row in values
            ],
        )


def _copy(table: str, fields: Sequence[AnyField], rows: Iterable[Sequence[Any]]) -> None:
    columns, texts = ", ".join(f'"{field.column}"' for field in fields), [_text_of(field) for field in fields]
    database = _database()
    with (
        database.wrap_database_errors,  # Django does so for `execute`, not for `copy`
        database.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(
                [None if value is None else text(value) for text, value in zip(texts, row, strict=True)]
            )


def _text_of(field: AnyField) -> Callable[[Any], str]:
    """Return how COPY writes a field's values. Django's own preparation takes 2 µs a value."""
    if isinstance(field, JSONField):
        return lambda value: msgspec.json.encode(value).decode()
    return datetime.isoformat if isinstance(field, DateTimeField) else str


def update(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write these fields (none of them JSON) of rows of one model, whatever stands there now.

    Django's `bulk_update` builds a CASE with a branch for each row and field: 600 µs a row.
    """
    if not rows:
        return
    model, key = type(rows[0]), type(rows[0])._meta.pk
    by_name = {field.name: field for field in model._meta.concrete_fields}
    fields, connection = [*(by_name[name] for name in names), key], _database()
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows
    ]
    if connection.vendor == "postgresql":
        _update_postgresql(model._meta.db_table, fields, values)
        return
    sets = ", ".join(f'"{field.column}" = %s' for field in fields[:-1])
    with connection.cursor() as cursor:  # one prepared statement for each row; the key stands last
        cursor.executemany(f'UPDATE "{model._meta.db_table}" SET {sets} WHERE "{key.column}" = %s', values)


def _update_postgresql(table: str, fields: Sequence[AnyField], values: Sequence[Sequence[Any]]) -> None:
    """Run one statement, joined with the new values; the key stands last."""
    connection, columns = _database(), [field.column for field in fields]
    new = ", ".join(f'"{field.column}" {field.cast_db_type(connection)}' for field in fields)
    sets = ", ".join(f'"{column}" = new."{column}"' for column in columns[:-1])
    rows = json.dumps([dict(zip(columns, each, strict=True)) for each in values], default=str)
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{table}" SET {sets} FROM json_to_recordset(%s) AS new({new})'
            f' WHERE "{table}"."{columns[-1]}" = new."{columns[-1]}"',
            [rows],
        )


def _database() -> BaseDatabaseWrapper:
    """Return the connection itself: Django's `connection` looks it up anew at every use."""
    return connections[DEFAULT_DB_ALIAS]
