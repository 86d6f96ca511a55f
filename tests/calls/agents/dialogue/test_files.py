"""Files that hold dialogues, and files that do not."""

import json
import random
import time
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from calls.agents.dialogue.files import MOST_BYTES, NoDialogueError, read_file, refusals, write_file
from calls.agents.dialogue.validation import problems

DATA = Path(__file__).resolve().parents[3] / "data" / "dialogues"
GOOD = (DATA / "good.json").read_text("utf-8")
SENTENCES: dict[str, list[str]] = json.loads((DATA / "sentences.json").read_text("utf-8"))
REFUSED = sorted(path.stem for path in (DATA / "refused").iterdir())
CLIPS = {"uploaded"}


def sentences(content: bytes) -> list[str]:
    try:
        return [problem.sentence for problem in problems(read_file(content), CLIPS)]
    except NoDialogueError as error:
        return [*error.sentences]


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_must_be_refused_is_refused_in_these_words(name: str) -> None:
    assert sentences((DATA / "refused" / f"{name}.json").read_bytes()) == SENTENCES[name] != []


def test_each_refused_file_has_its_sentences() -> None:
    assert sorted(SENTENCES) == REFUSED


def test_the_dialogue_that_they_were_made_of_is_taken() -> None:
    assert refusals(GOOD) == refusals(GOOD.encode("utf-8-sig")) == []


def test_a_dialogue_of_10_000_steps_is_refused_at_once() -> None:
    raw = json.loads(GOOD)
    raw["steps"] |= {f"s{n}": {"kind": "say", "exits": {"next": f"s{n + 1}"}} for n in range(10_000)}
    began = time.process_time()
    assert refusals(json.dumps(raw)) == ["The dialogue has 10004 steps; 500 are the most."]
    assert time.process_time() - began < 5


def test_a_dialogue_of_as_many_steps_as_there_may_be_is_checked_soon() -> None:
    raw = json.loads(GOOD)
    for number in range(490):
        raw["steps"][f"s{number}"] = raw["steps"]["question"] | {"exits": {"1": f"s{number + 1}", "2": "bye"}}
        for words in raw["words"].values():
            words[f"s{number}"] = words["question"]
    raw["steps"]["hello"]["exits"]["next"] = "s0"
    raw["steps"]["s489"]["exits"]["1"] = "question"
    began = time.process_time()
    assert refusals(json.dumps(raw)) == []
    assert time.process_time() - began < 5


def test_a_file_beyond_all_bounds_is_not_even_read() -> None:
    with pytest.raises(NoDialogueError, match="more than 2 MB"):
        read_file(b" " * (MOST_BYTES + 1))


def test_a_video_is_no_dialogue() -> None:
    with pytest.raises(NoDialogueError, match="does not hold text"):
        read_file(b"\x00\x00\x00\x20ftypisom" + bytes(range(256)))


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_a_file_holds_it_is_a_dialogue_or_refused(content: bytes) -> None:
    assert refusals(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_a_dialogue_in_which_anything_stands_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    raw = json.loads(GOOD)
    place: Any = raw
    while True:
        name = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[name], dict) or not place[name] or data.draw(st.booleans()):
            break
        place = place[name]
    place[name] = data.draw(JSON)
    assert all(sentence.strip() for sentence in refusals(json.dumps(raw)))


# --- Writing -------------------------------------------------------------------------------------------


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return the same JSON with its objects in another order, as a database may give it back."""
    if isinstance(value, dict):
        names = sorted(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    return [shuffled(inner, chance) for inner in value] if isinstance(value, list) else value


def test_what_was_written_reads_as_the_same() -> None:
    document = read_file(GOOD)
    assert read_file(write_file(document)) == document


def test_a_dialogue_is_written_in_the_order_in_which_one_reads_it() -> None:
    written = json.loads(write_file(read_file(GOOD)))
    assert next(iter(written)) == "schema"
    assert list(written["steps"]) == ["hello", "question", "bye", "end"]
    assert list(written["words"]) == ["hi", "en"]
    assert list(written["words"]["en"]) == ["general", "hello", "question", "bye"]
    assert written["steps"]["end"] == {"kind": "end", "title": "End"}


@given(chance=st.randoms(use_true_random=False))
def test_the_order_of_storage_does_not_change_a_file(chance: random.Random) -> None:
    raw = json.loads(GOOD)
    raw["fragments"] = {
        name: {"start": "b", "steps": {"b": {"kind": "say", "exits": {"next": "a"}}, "a": {"kind": "end"}}}
        for name in ("two", "one")
    }
    raw["steps"]["unreached"] = raw["steps"]["also_unreached"] = {"kind": "end"}
    raw["words"]["en"] |= {"one.b": {"say": "B."}, "gone": {"say": "?"}}
    expected = write_file(read_file(json.dumps(raw)))
    assert write_file(read_file(json.dumps(shuffled(raw, chance)))) == expected
