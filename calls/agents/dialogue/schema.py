"""PURE: the JSON Schema of dialogues, as docs/dialogue.schema.json and the API publish it."""

import json
from typing import Any

import msgspec

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import SCHEMA

ID = f"urn:awaaz-campaigns:dialogue:{SCHEMA}"
"""The schema's `$id`; it ends with the version of the format."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the schema (JSON Schema 2020-12), made from the structs that files and drafts are read with."""
    schema = msgspec.json.schema(DialogueConfiguration)
    head = {"$schema": _DIALECT, "$id": ID, "title": f"Dialogue, format {SCHEMA}"}
    named: dict[str, Any] = json.loads(json.dumps(schema).replace("DialogueConfiguration", "Dialogue"))
    return head | named


def as_file() -> str:
    """Return the text of docs/dialogue.schema.json."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
