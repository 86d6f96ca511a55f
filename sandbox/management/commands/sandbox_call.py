"""`manage.py sandbox_call --to ws://…`: ring any agent and report (docs/test-your-agent.md)."""

import json
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sandbox.conformance.report import as_data, as_text, failed
from sandbox.conformance.requirements import Bounds
from sandbox.line import faults as linefaults
from sandbox.line import quirks
from sandbox.line.playout import FarEnd
from sandbox.people.people import Kind, Person, PicksUp, cast
from sandbox.platform import clips
from sandbox.platform.ring_agent import FULL_ROUND, Task, ring


class Command(BaseCommand):
    help = "Ring an agent over its WebSocket and report, requirement by requirement. Exit 1 if one is broken."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", required=True, help="the agent's address, ws:// or wss://")
        parser.add_argument(
            "--person",
            action="append",
            help=f"who answers; may be repeated (default: {', '.join(FULL_ROUND)})",
        )
        parser.add_argument("--calls", type=int, default=0, help="so many at once, with percentiles")
        parser.add_argument("--container", choices=["wav", "raw"], default="", help="what payloads must be")
        parser.add_argument("--ahead", type=float, default=10.0, help="most seconds of audio ahead (10)")
        parser.add_argument("--timeout", type=float, default=60.0, help="longest call in seconds (60)")
        parser.add_argument("--seed", default="awaaz", help="the same seed, the same pauses")
        parser.add_argument("--language", default="hi", help="the person's language (hi)")
        parser.add_argument("--param", action="append", default=[], help="NAME=VALUE for custom_parameters")
        parser.add_argument("--quirks", default="", help=f"{', '.join([*quirks.PROFILES, *quirks.Quirk])}")
        parser.add_argument(
            "--far-end",
            choices=[*FarEnd],
            default=FarEnd.AUDIO_FORK.value,
            help="what the platform waits for before it plays (docs/sandbox.md; audio-fork)",
        )
        parser.add_argument(
            "--fault",
            action="append",
            default=[],
            help=f"a bad line, NAME or NAME=MEASURE; may be repeated: {', '.join(linefaults.LineFault)}",
        )
        parser.add_argument("--json", dest="json_file", help="write the report as JSON; - for the output")
        parser.add_argument("--wav", dest="wav_file", help="stereo: left what the person heard, right said")

    def handle(self, *_args: Any, **options: Any) -> None:
        people = _people(options["person"] or list(FULL_ROUND))
        if any(step.kind is Kind.SAY for person in people for step in person.script):
            # Clips are made on first use; without speech synthesis the people use tones.
            clips.make(settings.SANDBOX_CLIPS_DIR)
        library = clips.Library(settings.SANDBOX_CLIPS_DIR)
        with tempfile.TemporaryDirectory(prefix="sandbox-call-") as folder:
            task = _task(options, people, Path(folder) if options["wav_file"] else None)
            calls = ring(task, library)
            if options["wav_file"]:
                wanted = Path(options["wav_file"])
                for call in calls:
                    if call.recording:
                        # The first call gets the name asked for, others NAME-2.wav and so on beside it.
                        ending = "" if call.number == 1 else f"-{call.number}"
                        path = wanted.with_name(f"{wanted.stem}{ending}{wanted.suffix}")
                        path.write_bytes((Path(folder) / call.recording).read_bytes())
        data = json.dumps(as_data(calls, task.url), ensure_ascii=False, indent=1)
        json_file = options["json_file"]
        if json_file and json_file != "-":
            Path(json_file).write_text(data + "\n", encoding="utf-8")
        self.stdout.write(data if json_file == "-" else as_text(calls, task.url))
        if failed(calls):
            sys.exit(1)


def _task(options: dict[str, Any], people: tuple[Person, ...], record_to: Path | None) -> Task:
    if options["calls"] < 0 or options["timeout"] <= 0:
        raise _unreadable("--calls and --timeout must be positive.")
    parameters = []
    for text in options["param"]:
        name, found, value = text.partition("=")
        if not found or not name:
            raise _unreadable(f"--param {text!r} is not NAME=VALUE.")
        parameters.append((name, value))
    try:
        chosen = quirks.read(options["quirks"])
        faults = linefaults.write(linefaults.read("+".join(options["fault"])))
    except ValueError as error:
        raise _unreadable(str(error)) from error
    return Task(
        options["to"],
        people,
        calls=options["calls"],
        seed=options["seed"],
        language=options["language"],
        longest_s=options["timeout"],
        handshake_s=settings.SANDBOX_HANDSHAKE_SECONDS,
        parameters=tuple(parameters),
        bounds=Bounds(ahead_s=options["ahead"], container=options["container"]),
        quirks=chosen,
        far_end=FarEnd(options["far_end"]),
        faults=faults,
        record_to=record_to,
    )


def _people(names: list[str]) -> tuple[Person, ...]:
    for name in names:
        person = cast().get(name)
        if person is None:
            raise _unreadable(f"There is no person {name!r}; there are {', '.join(cast())}.")
        if person.picks_up not in (PicksUp.ANSWER, PicksUp.VOICEMAIL):
            raise _unreadable(f"{name} never picks up, so no stream would be opened.")
    return tuple(cast()[name] for name in names)


def _unreadable(text: str) -> CommandError:
    """Return the error of a wrong command line (exit 2); exit 1 is for agents that broke a requirement."""
    return CommandError(text, returncode=2)
