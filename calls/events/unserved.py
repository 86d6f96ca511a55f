"""Find out who a call was for that ended before an agent was given it, and what its keys meant."""

import logging

from calls.conversation.late_keys import opt_out_without_agent, results_of
from calls.conversation.outputs import NO_AGENT, Ending, Entry, Identify, Summary
from calls.events.records import Unserved
from calls.identification import Found, Identity, find

log = logging.getLogger(__name__)

_FOUND = "Who this call was for was found out after its end."
_NOT_FOUND = "After the end of the call it could not be found out who would have answered it: {reason}"


def is_unserved(summary: Summary | None, ended_by: Ending) -> bool:
    """Return whether a call that ended so was served by no agent, or ended by a fault of ours."""
    return ended_by is Ending.SERVER or (summary is not None and summary.disposition == NO_AGENT)


def find_out(record: Unserved, number_id: int, *, drawn: int = 0) -> tuple[Identity, str, list[Entry]]:
    """Return whose call it was, a note about that for its log, and entries for what keys brought.

    Of the first `drawn` keys it is known already what they brought: those behind them can only be an opt-out.
    Reads the database and raises what that raises. An agent that fails is passed over: 9 counts all the same.
    """
    asked = Identify(record.reference, record.parameters, record.stream_sid, record.call_sid)
    found = find(asked, number_id)
    text = _FOUND if isinstance(found, Found) else _NOT_FOUND.format(reason=found.reason)
    if record.keys and not drawn and isinstance(found, Found):
        try:
            results = results_of(record.keys, found.agent, found.context, at_ms=record.at_ms)
        except Exception:  # an agent's own error, which would be raised again whenever this is stored
            log.exception("The agent of call %s failed over keys pressed before it began.", record.call_id)
        else:
            return found.identity, text, results
    return found.identity, text, opt_out_without_agent(record.keys[drawn:], at_ms=record.at_ms)
