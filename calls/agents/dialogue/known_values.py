"""PURE: the values that a dialogue knows: those of the list, and those it gets in the call."""

from calls.agents.dialogue import document as doc
from calls.agents.dialogue.asking import KINDS
from calls.agents.dialogue.document import Document
from calls.agents.dialogue.slots import KINDS as SLOT_KINDS
from campaigns.spreadsheets.written import Kind


def known(document: Document) -> frozenset[str]:
    """Return the names of the values that are known in texts and conditions."""
    return frozenset([*document.values, "name"]) | document.own_values()


def kinds(document: Document) -> dict[str, Kind]:
    """Return the kind of each value that is known to be of one; the others are text."""
    pressed = {
        step.value or step_id: KINDS[step.means]
        for step_id, step in document.all_steps()
        if isinstance(step, doc.Digits)
    }
    fetched = {
        name: kind
        for _, step in document.all_steps()
        if isinstance(step, doc.Fetch | doc.Recognise)
        for name, kind in step.brings.items()
    }
    return {doc.TODAY: Kind.DATE, **SLOT_KINDS, **fetched, **pressed, **document.values}
