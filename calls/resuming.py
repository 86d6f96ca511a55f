"""Where a person's last call broke off, so that a further one goes on there."""

from collections.abc import Iterable, Mapping

from calls.agents import registry
from calls.agents.base import Resume
from calls.agents.dialogue import document as doc
from calls.conversation.outputs import EntryKind
from calls.models import Answer, Call, CallEvent
from campaigns.models import Recipient

#: Calls that broke off one after another are looked through for the last step that was reached.
_MOST_CALLS = 3
_BROKE_OFF = (Call.EndedBy.CALLER, Call.EndedBy.CONNECTION, Call.EndedBy.SERVER)


def resume_of(person: Recipient) -> Resume | None:
    """Return where the person's last call of their campaign broke off, with the answers given until then.

    None if it did not break off, if no question was reached, if another version of the dialogue was spoken,
    or if the agent is no dialogue: then a call begins anew. `person` comes with campaign, agent and version.
    """
    campaign = person.campaign
    if campaign.agent.kind != campaign.agent.Kind.DIALOGUE:
        return None
    document = registry.read(campaign.agent.kind, campaign.spoken)
    assert isinstance(document, doc.Document)
    questions = _questions(document)
    version = campaign.dialogue_version.number if campaign.dialogue_version else None
    calls = Call.objects.filter(recipient=person, campaign=campaign, state=Call.State.ENDED)
    for call in calls.order_by("-started_at")[:_MOST_CALLS]:
        if call.outcome or call.ended_by not in _BROKE_OFF or call.version != version:
            return None
        prompts = CallEvent.objects.filter(call=call, kind=EntryKind.PROMPT).order_by("-sequence")
        names = prompts.values_list("data__name", flat=True)
        if step := next((questions[name] for name in names if name in questions), ""):
            return Resume(step, _answers(person))
    return None


def _questions(document: doc.Document) -> Mapping[str, str]:
    """Return the questions outside fragments, as step ids by the names of their prompts; a name that two
    steps have is left out."""
    found: dict[str, list[str]] = {}
    for step_id, step in document.steps.items():
        found.setdefault(step.title or step_id, []).append(step_id)
    asking = (doc.Ask, doc.Digits, doc.Record)
    single = {name: ids[0] for name, ids in found.items() if len(ids) == 1}
    return {name: step_id for name, step_id in single.items() if isinstance(document.steps[step_id], asking)}


def _answers(person: Recipient) -> Mapping[str, str]:
    """Return the person's answers in their campaign by question, the last of each."""
    theirs = Answer.objects.filter(call__recipient=person, call__campaign=person.campaign)
    rows: Iterable[tuple[str, str]] = theirs.order_by("at", "pk").values_list("question", "value")
    return dict(rows)
