from datetime import UTC, datetime, timedelta

import pytest

from campaigns.xfin.states import (
    INDIA,
    Disposition,
    RemoteState,
    read_disposition,
    read_duration,
    read_send_on,
    read_state,
    write_send_on,
)


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("In Progress", RemoteState.IN_PROGRESS),
        ("in_progress", RemoteState.IN_PROGRESS),
        ("IN-PROGRESS", RemoteState.IN_PROGRESS),
        ("sent", RemoteState.DONE),
        ("Done", RemoteState.DONE),
        ("scheduled", RemoteState.SCHEDULED),
        ("Failed", RemoteState.FAILED),
        ("canceled", RemoteState.CANCELLED),
        ("Cancelled", RemoteState.CANCELLED),
        (6, RemoteState.DONE),
        ("6", RemoteState.DONE),
        (6.0, RemoteState.DONE),
        (3, RemoteState.UNKNOWN),
        ("-1", RemoteState.UNKNOWN),
        (True, RemoteState.UNKNOWN),
        (None, RemoteState.UNKNOWN),
        ("", RemoteState.UNKNOWN),
        ("moonlit", RemoteState.UNKNOWN),
        ([], RemoteState.UNKNOWN),
    ],
)
def test_state_is_read_from_words_and_from_the_one_documented_number(raw: object, state: RemoteState) -> None:
    assert read_state(raw) is state


def test_an_accounts_own_codes_are_laid_over_the_documented_ones() -> None:
    codes = {"2": RemoteState.IN_PROGRESS, "7": RemoteState.CANCELLED}
    assert read_state(2, codes=codes) is RemoteState.IN_PROGRESS
    assert read_state("7", codes=codes) is RemoteState.CANCELLED
    assert read_state(6, codes=codes) is RemoteState.DONE


def test_only_done_failed_and_cancelled_are_final() -> None:
    final = {state for state in RemoteState if state.final}
    assert final == {RemoteState.DONE, RemoteState.FAILED, RemoteState.CANCELLED}


@pytest.mark.parametrize(
    ("raw", "disposition"),
    [
        ("answered", Disposition.ANSWERED),
        ("NORMAL_CLEARING", Disposition.ANSWERED),
        ("not answered", Disposition.NO_ANSWER),
        ("NO_ANSWER", Disposition.NO_ANSWER),
        ("NO_USER_RESPONSE", Disposition.NO_ANSWER),
        ("USER_BUSY", Disposition.BUSY),
        ("Busy", Disposition.BUSY),
        ("Switched Off", Disposition.SWITCHED_OFF),
        ("SUBSCRIBER_ABSENT", Disposition.SWITCHED_OFF),
        ("Not reachable", Disposition.NOT_REACHABLE),
        ("UNALLOCATED_NUMBER", Disposition.INVALID_NUMBER),
        ("Invalid number", Disposition.INVALID_NUMBER),
        ("INVALID_NUMBER_FORMAT", Disposition.INVALID_NUMBER),
        ("voicemail", Disposition.VOICEMAIL),
        ("answering machine", Disposition.VOICEMAIL),
        ("CALL_REJECTED", Disposition.REJECTED),
        ("call dropped", Disposition.DROPPED),
        ("DND", Disposition.BLOCKED),
        ("ORIGINATOR_CANCEL", Disposition.CANCELLED),
        ("NETWORK_OUT_OF_ORDER", Disposition.FAILED),
        (17, Disposition.UNKNOWN),
        (None, Disposition.UNKNOWN),
        ("", Disposition.UNKNOWN),
    ],
)
def test_disposition_is_read_by_words(raw: object, disposition: Disposition) -> None:
    assert read_disposition(raw) is disposition


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("00:01:07", 67),
        ("27:00:00", 97_200),
        ("01:07", 67),
        ("00:00:09.250", 9),
        ("67", 67),
        (67, 67),
        ("", None),
        (None, None),
        ("soon", None),
        ("-00:01:00", None),
        (True, None),
    ],
)
def test_duration_becomes_seconds(raw: object, seconds: int | None) -> None:
    assert read_duration(raw) == seconds


def test_send_on_is_written_in_indian_time_without_a_zone() -> None:
    assert write_send_on(datetime(2026, 11, 24, 4, 30, 15, 99, tzinfo=UTC)) == "2026-11-24T10:00:16", (
        "never early"
    )
    assert write_send_on(datetime(2026, 11, 24, 4, 30, 15, tzinfo=UTC)) == "2026-11-24T10:00:15"
    assert write_send_on(datetime(2026, 11, 24, 18, 30, tzinfo=UTC)) == "2026-11-25T00:00:00"
    assert write_send_on(None) == ""
    with pytest.raises(ValueError, match="aware"):
        write_send_on(datetime(2026, 11, 24))


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T10:00:00", "2026-11-24 10:00:00", "2026-11-24T04:30:00Z", " 2026-11-24T10:00:00+05:30 "],
)
def test_send_on_is_read_as_indian_time_unless_it_says_otherwise(text: str) -> None:
    moment = read_send_on(text)
    assert moment == datetime(2026, 11, 24, 10, tzinfo=INDIA)
    assert moment is not None
    assert moment.utcoffset() == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("raw", ["", "  ", None, 5, "tomorrow", "0001-01-01T00:00:00+14:00"])
def test_send_on_that_says_nothing_is_none(raw: object) -> None:
    assert read_send_on(raw) is None


def test_send_on_survives_the_round_trip() -> None:
    moment = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    assert read_send_on(write_send_on(moment)) == moment


def test_a_word_that_an_account_is_known_to_use_is_understood() -> None:
    codes = {"7": RemoteState.FAILED, "On Hold": RemoteState.SCHEDULED}
    assert read_state("on_hold", codes=codes) == RemoteState.SCHEDULED
    assert read_state("done", codes={"done": RemoteState.FAILED}) == RemoteState.DONE
    assert read_state("hibernating", codes=codes) == RemoteState.UNKNOWN
