"""Recordings: both sides in their places, playable at any moment, filed once."""

import hashlib
import os
import struct
import time
import tracemalloc
import wave
from datetime import timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import OperationalError, connection
from django.db.models import QuerySet

from calls import retention
from calls.audio import wav
from calls.conversation.outputs import Recorded, Side
from calls.models import Call, MediaProcess, Recording
from calls.recordings import files
from calls.recordings.files import AudioSpan, path_of, write_pieces
from calls.recordings.recorder import Recorder, RecordingWriter
from campaigns import clock
from campaigns.models import Erasure, Message, PhoneNumber
from campaigns.privacy import erasure

CALLER, AGENT = Side.CALLER, Side.AGENT


def tone(value: int, ms: int) -> bytes:
    return np.full(8 * ms, value, dtype="<i2").tobytes()


def span(side: Side, at_ms: int, pcm: bytes) -> AudioSpan:
    return AudioSpan(side, 8 * at_ms, pcm)


def channels_of(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 8000, 2)
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    return both[:, 0], both[:, 1]


def test_caller_left_agent_right_silence_between(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    write_pieces(path, [span(CALLER, 0, tone(1, 20)), span(CALLER, 20, tone(2, 20))])
    write_pieces(path, [span(AGENT, 10, tone(9, 20)), span(CALLER, 100, tone(3, 20))])
    left, right = channels_of(path)
    assert left.size == 8 * 120
    assert [left[0], left[159], left[160], left[320], left[799], left[800]] == [1, 1, 2, 0, 0, 3]
    assert [right[79], right[80], right[239], right[240]] == [0, 9, 9, 0]


def test_the_header_is_right_after_every_block(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    for block in range(5):
        write_pieces(path, [span(CALLER, block * 1000, tone(block, 1000))])
        data = path.read_bytes()
        assert struct.unpack_from("<I", data, 40)[0] == len(data) - 44 == (block + 1) * 32_000
        assert wav.unwrap(data).channels == 2


def test_pieces_far_apart_cost_no_more_than_what_they_hold(tmp_path: Path) -> None:
    path, later = tmp_path / "call.wav", 600 * 8000
    late = AudioSpan(Side.AGENT, later, b"\x01\x00" * 80)
    early = AudioSpan(Side.CALLER, 0, b"\x02\x00" * 80)
    beside = AudioSpan(Side.AGENT, 40, b"\x03\x00" * 80)
    tracemalloc.start()
    write_pieces(path, [late, early, beside])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000
    samples = np.frombuffer(path.read_bytes()[wav.HEADER_BYTES :], "<i2").reshape(-1, 2)
    assert samples.shape == (later + 80, 2)
    assert (samples[:80, 0] == 2).all()
    assert (samples[40:120, 1] == 3).all()
    assert (samples[later:, 1] == 1).all()
    assert np.count_nonzero(samples) == 240


def test_nothing_recorded_makes_no_file(tmp_path: Path) -> None:
    write_pieces(tmp_path / "call.wav", [span(CALLER, 0, b"")])
    assert not (tmp_path / "call.wav").exists()


def test_pieces_that_end_between_two_milliseconds_have_no_seam(tmp_path: Path) -> None:
    recording_writer, samples = RecordingWriter(), np.arange(1, 24_001, dtype="<i2")
    recorder, at = Recorder(recording_writer, UUID(int=1)), 0
    for size in [1603, 157, 4, 1998, 12_345, 801] * 2:
        recorder.add([Recorded(AGENT, 100 + round(at / 8), samples[at : at + size].tobytes())])
        at = min(at + size, samples.size)
    recorder.finish()
    write_pieces(
        tmp_path / "call.wav", [piece for block in recording_writer._blocks for piece in block.pieces]
    )
    assert channels_of(tmp_path / "call.wav")[1][800:].tolist() == samples.tolist()
    assert len(recording_writer._blocks) > 1


@pytest.mark.django_db(transaction=True)
def test_a_recording_is_filed_with_its_length_and_hash(call_id: UUID, folders: Path) -> None:
    recording_writer = RecordingWriter()
    recording_writer.start()
    recorder = Recorder(recording_writer, call_id)
    for at in range(0, 3000, 20):
        recorder.add([Recorded(CALLER, at, tone(5, 20))])
    recorder.add([Recorded(AGENT, 500, tone(7, 200))])
    recorder.finish()
    recording_writer.stop()
    row = Recording.objects.get(call_id=call_id)
    stored = Path(row.file.path)
    assert row.duration_ms == 3000
    assert row.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    assert stored.is_relative_to(folders / "media")
    assert not path_of(call_id).exists()
    assert channels_of(stored)[1][8 * 600] == 7


@pytest.mark.django_db(transaction=True)
def test_a_call_without_audio_has_no_recording(call_id: UUID, folders: Path) -> None:
    recording_writer = RecordingWriter()
    recording_writer.start()
    Recorder(recording_writer, call_id).finish()
    recording_writer.stop()
    assert not Recording.objects.exists()


def test_a_slow_disk_costs_audio_and_no_memory() -> None:
    recording_writer = RecordingWriter(capacity=64_000)
    recorder = Recorder(recording_writer, UUID(int=1))
    for at in range(0, 10_000, 20):
        recorder.add([Recorded(CALLER, at, tone(5, 20)), Recorded(AGENT, at, tone(6, 20))])
    assert sum(block.size for block in recording_writer._blocks) <= 64_000
    assert recording_writer.lost == 8
    assert recorder.take_trouble(), "and the call is told"
    assert not recorder.take_trouble(), "once"


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_process_left_is_filed_once_its_call_is_closed(call_id: UUID, folders: Path) -> None:
    path = path_of(call_id)
    write_pieces(path, [span(CALLER, 0, tone(5, 400))])
    (path.parent / "not-a-call.wav").write_bytes(b"x")
    os.utime(path, (1, 1))
    assert files.file_leftovers() == 0
    Call.objects.update(state="ended", ended_at=clock.now())
    assert files.file_leftovers() == 1
    assert Recording.objects.get().duration_ms == 400
    assert files.file_leftovers() == 0


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_within_a_block_leaves_a_recording_that_can_be_played(
    call_id: UUID, folders: Path
) -> None:
    """Between the audio and the header, at the first block and at a later one; half a frame at the end."""
    Call.objects.update(state="ended", ended_at=clock.now())
    path = path_of(call_id)
    for header in (bytes(44), wav.header(3200, channels=2)):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(header + tone(5, 800) + b"x")
        os.utime(path, (1, 1))
        assert files.file_leftovers() == 1
        row = Recording.objects.get()
        left, _ = channels_of(Path(row.file.path))
        assert (row.duration_ms, left.size) == (400, 3200)
        assert row.sha256 == hashlib.sha256(Path(row.file.path).read_bytes()).hexdigest()
        row.delete()


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_was_full_from_the_first_block_on_leaves_no_recording(
    call_id: UUID, folders: Path
) -> None:
    path = path_of(call_id)
    path.parent.mkdir(exist_ok=True)
    path.touch()
    files.file_recording(call_id)
    assert not path.exists()
    assert not Recording.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_recording_that_cannot_be_filed_does_not_hold_up_the_others(
    call_id: UUID, number: PhoneNumber, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Call.objects.create(number=number, process=Call.objects.get(pk=call_id).process)
    Call.objects.update(state="ended", ended_at=clock.now())
    ids = [UUID(str(pk)) for pk in Call.objects.values_list("pk", flat=True)]
    for pk in ids:
        write_pieces(path_of(pk), [span(CALLER, 0, tone(5, 400))])
        os.utime(path_of(pk), (1, 1))
    really, refused = files.file_recording, next(iter(path_of(call_id).parent.glob("*.wav"))).stem

    def file_recording(call: UUID) -> None:
        if str(call) == refused:
            raise OSError(5, "Input/output error")
        really(call)

    monkeypatch.setattr(files, "file_recording", file_recording)
    assert files.file_leftovers() == 1
    assert Recording.objects.count() == 1


# --- Killed, cut off and erased between the file and its row ----------------------------------------


class Killed(BaseException):
    """`kill -9`: nothing in the program catches it."""


def left_behind(call_id: UUID) -> Path:
    """The recording of an ended call, grown and not filed."""
    Call.objects.filter(pk=call_id).update(state="ended", ended_at=clock.now())
    path = path_of(call_id)
    write_pieces(path, [span(CALLER, 0, tone(5, 400))])
    os.utime(path, (1, 1))
    return path


def stored(folders: Path) -> list[Path]:
    return sorted(path for path in (folders / "media").rglob("*") if path.is_file())


def break_create(monkeypatch: pytest.MonkeyPatch, error: BaseException, *, commits: bool = False) -> None:
    """The row's INSERT ends with `error`, after the commit or before."""
    really = QuerySet.create

    def create(rows: QuerySet[Recording], **values: object) -> Recording:
        if rows.model is not Recording:
            return really(rows, **values)
        if commits:
            really(rows, **values)
        raise error

    monkeypatch.setattr(QuerySet, "create", create)


def fail_to_file(call_id: UUID, error: BaseException, *, commits: bool = False) -> None:
    with pytest.MonkeyPatch.context() as patch:
        break_create(patch, error, commits=commits)
        with pytest.raises(type(error)):
            files.file_recording(call_id)


@pytest.mark.django_db(transaction=True)
def test_a_commit_whose_reply_is_lost_loses_no_recording(call_id: UUID, folders: Path) -> None:
    original = left_behind(call_id)
    fail_to_file(call_id, OperationalError("server closed the connection unexpectedly"), commits=True)
    assert files.file_leftovers() == 1
    row = Recording.objects.get()
    assert stored(folders) == [Path(row.file.path)]
    assert row.sha256 == hashlib.sha256(Path(row.file.path).read_bytes()).hexdigest()
    assert not original.exists()


@pytest.mark.django_db(transaction=True)
def test_the_original_stays_until_the_file_of_its_row_is_there(call_id: UUID, folders: Path) -> None:
    original = left_behind(call_id)
    audio = original.read_bytes()
    files.file_recording(call_id)
    row = Recording.objects.get()
    Path(row.file.path).unlink()
    original.write_bytes(audio)
    files.file_recording(call_id)
    assert stored(folders) == [Path(row.file.path)]
    assert Path(row.file.path).read_bytes() == audio
    assert not original.exists()
    assert Recording.objects.get() == row


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [Killed(), OperationalError("gone")])
def test_a_try_that_ends_between_file_and_row_leaves_no_second_copy(
    call_id: UUID, folders: Path, error: BaseException
) -> None:
    left_behind(call_id)
    Call.objects.update(started_at=clock.now() - timedelta(days=1))  # the next try may be on another day
    fail_to_file(call_id, error)
    assert (len(stored(folders)), Recording.objects.count()) == (1, 0)
    assert files.file_leftovers() == 1
    row = Recording.objects.get()
    assert stored(folders) == [Path(row.file.path)]
    assert row.sha256 == hashlib.sha256(stored(folders)[0].read_bytes()).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_half_a_copy_of_a_killed_process_is_replaced(call_id: UUID, folders: Path) -> None:
    audio = left_behind(call_id).read_bytes()
    fail_to_file(call_id, Killed())
    stored(folders)[0].write_bytes(audio[:100])
    assert files.file_leftovers() == 1
    assert [path.read_bytes() for path in stored(folders)] == [audio]


@pytest.mark.django_db(transaction=True)
def test_an_erasure_finds_what_was_stored_without_a_row(
    call_id: UUID, message: Message, folders: Path
) -> None:
    original = left_behind(call_id)
    fail_to_file(call_id, Killed())
    Call.objects.update(recipient=message.recipient)
    Message.objects.update(state="done")
    erasure.ask(message.recipient.phone, reason="A letter.", by=None, now=clock.now())
    assert len(stored(folders)) == 1
    assert retention.erase_people(clock.now()) == 1
    assert Erasure.objects.get().state == "done"
    assert files.file_leftovers() == 0
    assert (stored(folders), original.exists()) == ([], False)


@pytest.mark.django_db(transaction=True)
def test_what_was_purged_is_not_filed_again(call_id: UUID, folders: Path) -> None:
    original = left_behind(call_id)
    fail_to_file(call_id, OperationalError("gone"), commits=True)
    retention.forget_recordings([Recording.objects.get().pk])
    assert files.file_leftovers() == 1
    assert (stored(folders), original.exists(), Recording.objects.get().file.name) == ([], False, "")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("failing", [False, True])
def test_who_is_erased_while_the_audio_is_copied_does_not_come_back(
    call_id: UUID, folders: Path, monkeypatch: pytest.MonkeyPatch, failing: bool
) -> None:
    """The erasure looks into storage before the copy lies there; the copy succeeds, or the disk is full."""
    left_behind(call_id)
    really = default_storage.save

    def save(name: str, content: IO[bytes]) -> str:
        retention.forget_calls([call_id])
        saved = str(really(name, content))
        if failing:
            raise OSError(28, "No space left on device")
        return saved

    monkeypatch.setattr(default_storage, "save", save)
    assert files.file_leftovers() == (0 if failing else 1)
    assert (stored(folders), Recording.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_a_recording_purged_while_it_is_filed_again_does_not_come_back(
    call_id: UUID, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = left_behind(call_id)
    fail_to_file(call_id, OperationalError("gone"), commits=True)
    for path in stored(folders):
        path.unlink()
    really = default_storage.save

    def save(name: str, content: IO[bytes]) -> str:
        retention.forget_recordings([Recording.objects.get().pk])
        return str(really(name, content))

    monkeypatch.setattr(default_storage, "save", save)
    files.file_recording(call_id)
    assert (stored(folders), original.exists(), Recording.objects.get().file.name) == ([], False, "")


@pytest.mark.django_db(transaction=True)
def test_two_tries_at_once_do_not_replace_each_others_file(
    call_id: UUID, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_behind(call_id)
    really, others = default_storage.save, []

    def save(name: str, content: IO[bytes]) -> str:
        others.append(files.file_leftovers())
        return str(really(name, content))

    monkeypatch.setattr(default_storage, "save", save)
    assert files.file_leftovers() == 1
    assert others == [0]
    assert stored(folders) == [Path(Recording.objects.get().file.path)]


@pytest.mark.django_db(transaction=True)
def test_a_recording_without_a_call_is_left_and_holds_up_no_other(call_id: UUID, folders: Path) -> None:
    recording_writer, unknown = RecordingWriter(), UUID(int=1)
    for call in (unknown, call_id):
        recorder = Recorder(recording_writer, call)
        recorder.add([Recorded(CALLER, 0, tone(5, 400))])
        recorder.finish()
    recording_writer.work()
    assert path_of(unknown).exists()
    assert [str(row.call_id) for row in Recording.objects.all()] == [str(call_id)]


@pytest.mark.django_db(transaction=True)
def test_the_writer_files_again_after_its_connection_broke(call_id: UUID, folders: Path) -> None:
    """Outside of a request Django does not replace a broken connection: the writer's thread has to."""
    recording_writer = RecordingWriter()
    recorder = Recorder(recording_writer, call_id)
    recorder.add([Recorded(CALLER, 0, tone(5, 400))])
    recorder.finish()
    connection.ensure_connection()
    connection.connection.close()
    recording_writer.work()
    assert path_of(call_id).exists()
    recorder.finish()
    recording_writer.work()
    assert not path_of(call_id).exists()
    assert Recording.objects.get().duration_ms == 400


@pytest.mark.django_db
@pytest.mark.usefixtures("folders")
def test_a_process_of_calls_files_what_another_left_where_no_worker_runs(
    number: PhoneNumber, message: Message
) -> None:
    now, process = clock.now(), MediaProcess.objects.create()
    call = Call.objects.create(number=number, process=process, state="ended", started_at=now, ended_at=now)
    write_pieces(path_of(call.pk), [span(CALLER, 0, tone(500, 100))])
    long_ago = time.time() - 120
    os.utime(path_of(call.pk), (long_ago, long_ago))
    RecordingWriter().work()
    assert Recording.objects.get().call == call
    assert not path_of(call.pk).exists()
