"""The kept tests of a dialogue: stored, made from calls and by the machine, run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from msgspec import structs

from calls.agents.dialogue.configuration import DialogueConfiguration
from calls.agents.dialogue.document import Branch
from calls.agents.dialogue.wording import slots
from calls.dialogues import publishing
from calls.dialogues.past import kept_test_of
from calls.simulated import kept_tests
from calls.simulated.cover import Coverage, cover
from calls.simulated.exits import Exit, exits
from calls.simulated.kept_tests import NotATestError, Verdict
from campaigns.errors import NotAllowed
from campaigns.models import Dialogue, KeptTest, User

HAND, CALL, MACHINE = "hand", "call", "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one stored test; `body` and `verdict` are None for one that can't be read."""

    test: KeptTest
    body: kept_tests.KeptTest | None
    difference: str
    """The first step that differs, in a sentence; empty if the test holds."""
    verdict: Verdict | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of all tests of a dialogue."""

    results: Sequence[Result]
    exits: Sequence[Exit]
    uncovered: Sequence[Exit]

    @property
    def failed(self) -> list[Result]:
        """Return those that do not hold."""
        return [result for result in self.results if result.difference]


def run_all(dialogue: Dialogue, document: DialogueConfiguration) -> Results:
    """Run a dialogue's tests against a document without problems: its draft, or a version. One query."""
    found = list[Result]()
    for test in dialogue.tests.all():
        try:
            body = kept_tests.read_test(test.body)
        except NotATestError as error:
            found.append(Result(test=test, body=None, difference=str(error), verdict=None))
        else:
            verdict = kept_tests.run(document, body)
            found.append(Result(test=test, body=body, difference=verdict.difference, verdict=verdict))
    passed = {known for result in found if result.verdict for known in result.verdict.passed}
    wanted = exits(document)
    return Results(results=found, exits=wanted, uncovered=[known for known in wanted if known not in passed])


def keep(
    dialogue: Dialogue, name: str, test: kept_tests.KeptTest, *, by: User | None, origin: str = HAND
) -> KeptTest:
    """Store a test. Raises `NotAllowed` if its name is taken or empty."""
    name = name.strip()[:120]
    if not name:
        raise NotAllowed("A test needs a name.")
    if dialogue.tests.filter(name=name).exists():
        raise NotAllowed(f"There is a test named “{name}” already.")
    body = kept_tests.written(test)
    return KeptTest.objects.create(dialogue=dialogue, name=name, body=body, origin=origin, created_by=by)


def keep_call(
    dialogue: Dialogue,
    call_id: UUID,
    *,
    by: User | None,
    made_up: Mapping[str, str],
    name: str = "",
) -> KeptTest:
    """Store a test made of a real call. Raises `NotAllowed` and `past.NoTestError`.

    A test outlives its call, so the person's name and the values that no step decides by are `made_up` in it.
    """
    test, steps = kept_test_of(call_id), publishing.read_document(dialogue.draft).all_steps()
    conditions = [
        c for _, step in steps if isinstance(step, Branch) for case in step.cases for c in case.when
    ]
    decides = {name for c in conditions for name in (c.value, *slots(c.to))}
    values = {
        key: value if key in decides else made_up.get(key, "") for key, value in test.person.values.items()
    }
    person = structs.replace(test.person, name=made_up.get("name", ""), values=values)
    kept = structs.replace(test, person=person)
    return keep(dialogue, name or f"Call {str(call_id)[:8]}", kept, by=by, origin=CALL)


@transaction.atomic
def keep_cover(dialogue: Dialogue, document: DialogueConfiguration, *, by: User | None) -> Coverage:
    """Store the fewest tests found that pass every exit, in the place of those made so before."""
    found = cover(document)
    dialogue.tests.filter(origin=MACHINE).delete()
    taken = set(dialogue.tests.values_list("name", flat=True))
    KeptTest.objects.bulk_create(
        KeptTest(
            dialogue=dialogue,
            name=name if name not in taken else f"{name[:110]} (cover)",
            body=kept_tests.written(test),
            origin=MACHINE,
            created_by=by,
        )
        for name, test in found.tests
    )
    return found
