"""Staff in a chaotic run: lists with the faults of real ones, and a person who repeats until it worked."""

import csv
import http.client
import io
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx

from bench.chaos.plan import Plan
from bench.shared.people_lists import BAD, FIRST, LAST, WAYS, numbers

HEADINGS = ("Customer Name", "Mobile No.", "Language", "EMI Amount", "Due Date")
LANGUAGES = ("Hindi", "hi-IN", "Gujarati")


class PeopleFile(NamedTuple):
    """A file as it is uploaded."""

    name: str
    rows: int
    data: bytes


def write_lists(plan: Plan) -> tuple[Sequence[str], Sequence[PeopleFile]]:
    """All good numbers (E.164, each once), and the lists that hold them among bad rows and duplicates."""
    dice = random.Random(f"lists {plan.seed}")
    phones = dice.sample(numbers(plan.people * 2), plan.people)
    parts = [phones[place :: plan.lists] for place in range(plan.lists)]
    files = [_file(place, part, phones, dice) for place, part in enumerate(parts)]
    return [f"+91{phone}" for phone in phones], files


def _file(place: int, part: Sequence[str], phones: Sequence[str], dice: random.Random) -> PeopleFile:
    again = [dice.choice(phones[: place * len(part) + 1]) for _ in range(len(part) // 30)]
    bad = [dice.choice(BAD) for _ in range(len(part) // 30)]
    cells = [dice.choice(WAYS).format(phone) for phone in (*part, *(a for a in again if a in part))] + bad
    dice.shuffle(cells)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS)
    for cell in cells:
        name = f"{dice.choice(FIRST)} {dice.choice(LAST)}"
        amount, due = f"{dice.randrange(1, 99)},000", f"2026-12-{dice.randrange(10, 29)}"
        writer.writerow((name, cell, dice.choice(LANGUAGES), amount, due))
    return PeopleFile(f"list-{place}.csv", len(cells), text.getvalue().encode())


@dataclass
class Staff:
    """A person at the API, who repeats at the next tick what failed or was lost."""

    plan: Plan
    port: int
    token: str
    campaign: int
    files: list[PeopleFile]
    stops: int = 0
    _paused_at: int | None = None
    _launched: bool = field(default=False)

    def act(self, tick: int, *, meanwhile: Callable[[], object]) -> None:
        """Do the next thing, if there is one; `meanwhile` runs while the request is under way."""
        shown = self._ask("GET", f"campaigns/{self.campaign}/")
        state = shown["state"] if shown else ""
        path = self._wish(tick, state)
        if path == "people":
            self._upload(meanwhile)
        elif path:
            self._ask("POST", f"campaigns/{self.campaign}/{path}/", meanwhile=meanwhile)
        else:
            self._ask("GET", f"campaigns/{self.campaign}/counts/", meanwhile=meanwhile)

    def _wish(self, tick: int, state: str) -> str:
        if self.files and (len(self.files) > 1 or state == "running" or self.plan.lists == 1):
            return "people"
        if state == "draft":
            return "launch"
        if state == "running" and self._paused_at is None and tick >= self.plan.pause_at:
            return "pause"
        if state == "paused":
            self._paused_at = tick if self._paused_at is None else self._paused_at
            return "resume" if tick >= self._paused_at + self.plan.pause_for else ""
        self.stops += state == "stopped"
        return "resume" if state == "stopped" else ""

    def _upload(self, meanwhile: Callable[[], object]) -> None:
        file = self.files[0]
        form = httpx.Request(
            "POST", "http://ours/", files={"file": (file.name, file.data)}, data={"confirm": "true"}
        )
        done = self._ask(
            "POST",
            f"campaigns/{self.campaign}/people/",
            body=form.read(),
            kind=form.headers["content-type"],
            meanwhile=meanwhile,
        )
        if done:
            self.files.pop(0)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        kind: str = "application/json",
        meanwhile: Callable[[], object] | None = None,
    ) -> Any:
        """Return the answer of a success; None for anything else, as if the browser showed an error."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Token {self.token}", "Content-Type": kind}
        try:
            line.request(method, f"/api/{path}", body=body, headers=headers)
            if meanwhile:
                meanwhile()
            reply = line.getresponse()
            said = reply.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            line.close()
        return json.loads(said) if 200 <= reply.status < 300 else None
