"""The published schema is that of the structs, and takes what they take."""

import json
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.document import SCHEMA
from calls.agents.dialogue.files import read_file, write_file
from calls.agents.dialogue.schema import ID, as_file, json_schema
from calls.agents.dialogue.validation import check

ROOT = Path(__file__).resolve().parents[4]
GOOD = json.loads((ROOT / "tests/data/dialogues/good.json").read_text("utf-8"))


def test_the_file_in_docs_is_what_the_structs_say() -> None:
    written = (ROOT / "docs/dialogue.schema.json").read_text("utf-8")
    assert written == as_file(), "write docs/dialogue.schema.json anew: `as_file` is its text"


def test_it_is_a_schema_and_its_id_says_the_version() -> None:
    schema = json_schema()
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == ID == f"urn:awaaz-campaigns:dialogue:{SCHEMA}"


def test_a_dialogue_fits_it_as_it_is_read_and_as_it_is_written() -> None:
    validator = jsonschema_rs.validator_for(json_schema())
    assert validator.is_valid(GOOD)
    assert validator.is_valid(json.loads(write_file(read_file(json.dumps(GOOD)))))


@pytest.mark.parametrize(
    "change",
    [
        {"start": 1},
        {"steps": {"hello": {"kind": "quiz"}}},
        {"steps": {"hello": {"kind": "say", "volume": 11}}},
        {"words": {"hi": {"hello": {"say": 5}}}},
        {"values": {"amount": "money"}},
        {"unknown": True},
    ],
)
def test_what_is_no_dialogue_does_not_fit_it(change: dict[str, Any]) -> None:
    assert not jsonschema_rs.validator_for(json_schema()).is_valid(GOOD | change)


def test_the_example_in_the_documentation_is_a_dialogue_without_problems_or_advice() -> None:
    text = (ROOT / "docs/dialogues.md").read_text("utf-8")
    example = text.partition("```json\n")[2].partition("```")[0]
    assert [problem.sentence for problem in check(read_file(example), {"your-appointment-en"})] == []
    assert jsonschema_rs.validator_for(json_schema()).is_valid(json.loads(example))


def test_the_documentation_names_every_kind_of_step_with_its_ways_out_and_roles() -> None:
    lines = (ROOT / "docs/dialogues.md").read_text("utf-8").splitlines()
    for kind in get_args(doc.AnyStep):
        start = f"| `{kind.__struct_config__.tag}` |"
        row = next((line for line in lines if line.startswith(start)), "")
        for name in (*kind.OWN_EXITS, *(role for role in kind.SPOKEN if role != "ask")):
            assert f"`{name}`" in row, (kind, name)
