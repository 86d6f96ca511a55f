"""Which audio of a call is kept."""

from collections.abc import Sequence

from calls.agents.base import Agent
from calls.agents.recording_notice import RecordingNotice
from calls.conversation.outputs import Recorded
from calls.media.admission import Admitted
from calls.recordings.recorder import Recorder, recording_writer


class CallRecording:
    """The recording of one call: none, whole, or from the end of the notice that the call is recorded."""

    def __init__(self, call: Admitted) -> None:
        self._recorder = Recorder(recording_writer, call.call_id) if call.record else None
        self._must_announce = call.announce
        self._notice: RecordingNotice | None = None
        self._may_record = not call.announce

    def announce(self, agent: Agent) -> Agent:
        """Return the agent for the call: after a notice if the recording must be announced, else as it is."""
        if not self._must_announce:
            return agent
        self._notice = RecordingNotice(agent)
        return self._notice

    def add(self, audio: Sequence[Recorded]) -> None:
        """Keep the audio of one step, if it may be kept. To be called for each step, also without audio.

        The step in which the notice ends brings what was said before its end: not to be kept.
        """
        if audio and self._may_record and self._recorder:
            self._recorder.add(audio)
        if self._notice:
            self._may_record = self._notice.may_record

    def take_trouble(self) -> str:
        """Return a sentence for the call's log if something of the recording is lost; once, else empty."""
        if self._recorder and self._recorder.take_trouble():
            return "The recording is not complete: the disk did not take all of it. The call goes on."
        return ""

    def finish(self) -> None:
        """Have what was kept written to its file."""
        if self._recorder:
            self._recorder.finish()
