"""PURE: the exits of a dialogue that tests must pass: those of its steps, and those of any moment."""

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import answers
from calls.agents.dialogue.document import Document, Meaning
from calls.agents.dialogue.graph import reachable

Exit = tuple[str, str]
"""Step and exit; the step is empty for an exit that belongs to the call as a whole."""
_ALWAYS_READ = (Meaning.DIGITS, Meaning.ACCOUNT)


def exits(document: Document) -> list[Exit]:
    """Return the exits that some call may take, in the order of the steps."""
    reached, found = reachable(document), list[Exit]()
    for step_id, step in document.all_steps():
        if step_id not in reached:
            continue
        found += ((step_id, name) for name in step.exit_names() if _can_be_taken(step, name))
        if isinstance(step, doc.Ask | doc.Digits | doc.Record):
            found.append((step_id, doc.OPTED_OUT))
        key = document.keys.person
        if isinstance(step, doc.Ask) and key and key not in {*answers(step), document.keys.repeat}:
            found.append((step_id, doc.PERSON))
    if doc.HUNG_UP in document.exits:
        found.append(("", doc.HUNG_UP))
    return [*dict.fromkeys(found)]


def _can_be_taken(step: doc.AnyStep, name: str) -> bool:
    """Return whether a simulated call can come to an exit: digits that may be any, and one is enough, always
    match."""
    if isinstance(step, doc.Record) and name == doc.FAILED:
        return False  # a simulated call is recorded
    if not isinstance(step, doc.Digits) or name != doc.NO_MATCH:
        return True
    bounded = step.lowest is not None or step.highest is not None
    reads_any = step.means in _ALWAYS_READ or (step.means in (Meaning.NUMBER, Meaning.AMOUNT) and not bounded)
    return step.least > 1 or step.confirm or not reads_any
