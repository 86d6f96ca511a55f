"""Lines of the spool: the version before wrote them, and ours are read by the next."""

import json
from uuid import UUID

import pytest

from calls.conversation.outputs import Entry, EntryKind
from calls.events.codec import UnknownLineError, decode, encode
from calls.events.records import Logged
from campaigns import clock
from campaigns.rules.results import Answer, Booking, CallbackAsked, CallResult, OptOut, Outcome


@pytest.mark.parametrize(
    ("kind", "data", "result"),
    [
        ("answer", '{"question":"menu","value":"1","label":"हाँ"}', Answer("menu", "1", "हाँ")),
        ("outcome", '{"outcome":"confirmed","label":"Will pay"}', Outcome("confirmed", "Will pay")),
        (
            "callback",
            '{"when":"in 3 days","label":"In three days","how":"key"}',
            CallbackAsked("in 3 days", "In three days", "key"),
        ),
        (
            "booking",
            '{"calendar":"Eye clinic","slot":"7","label":"Monday at ten"}',
            Booking("Eye clinic", "7", "Monday at ten"),
        ),
        ("opt_out", '{"how":"key","what":"9"}', OptOut("key", "9")),
    ],
)
def test_a_line_of_the_version_before_is_read_typed_and_written_the_same(
    kind: str, data: str, result: CallResult
) -> None:
    line = (
        '{"logged":{"call_id":"00000000-0000-0000-0000-000000000007","at":"2026-11-24T06:30:01.250000Z",'
        f'"sequence":3,"entry":{{"kind":"{kind}","at_ms":20,"text":"हाँ.","data":{data}}}}}}}\n'
    ).encode()
    record = decode(line)
    assert isinstance(record, Logged)
    assert record.entry.payload == result
    assert record.entry.data == json.loads(data)
    assert encode(record) == line


def test_a_result_with_other_fields_than_ours_is_read_all_the_same() -> None:
    entry = Entry(kind=EntryKind.OUTCOME, at_ms=0, text="Yes.", payload={"outcome": 5, "sure": True})
    record = decode(encode(Logged(call_id=UUID(int=7), at=clock.now(), sequence=1, entry=entry)))
    assert isinstance(record, Logged)
    assert record.entry.payload == Outcome("5", "")


@pytest.mark.parametrize(
    "line", [b'{"logged":5}', b'{"logged":null}', b"{}", b"[]", b"\0", b'{"logged":{"call']
)
def test_a_damaged_line_is_none(line: bytes) -> None:
    assert decode(line) is None


@pytest.mark.parametrize(
    ("old", "new"), [(b'"kind":"note"', b'"kind":"mood"'), (b'{"logged"', b'{"weighed"')]
)
def test_what_a_newer_version_wrote_is_unknown_and_not_damaged(old: bytes, new: bytes) -> None:
    entry = Entry(kind=EntryKind.NOTE, at_ms=1, text="Hello.")
    line = encode(Logged(call_id=UUID(int=7), at=clock.now(), sequence=1, entry=entry))
    with pytest.raises(UnknownLineError, match=r"mood|weighed"):
        decode(line.replace(old, new))
