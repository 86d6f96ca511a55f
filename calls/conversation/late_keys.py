"""PURE: what keys mean that were pressed by a caller whom no agent served: the call was over too soon."""

from calls.agents.base import Agent, CallContext
from calls.agents.dialogue.document import OPT_OUT_KEY
from calls.conversation.agent_runner import AgentRunner
from calls.conversation.event_log import EventLog
from calls.conversation.outputs import Entry, EntryKind
from calls.conversation.playout import Playout
from campaigns.rules.results import OptOut

_WITHOUT_AGENT = "Asked not to be called again: pressed 9 while no agent could answer."


def results_of(keys: str, agent: Agent, context: CallContext, *, at_ms: int) -> list[Entry]:
    """Return what the keys brought: the results and notes that the agent would have logged.

    The agent is given the call, the keys and the end, without a line. Raises what the agent raises.
    """
    log = EventLog(-at_ms / 1000, problems=0, keys=0)
    runner = AgentRunner(log, Playout(), prompt_s=0.0)
    runner.begin(agent, context, 0.0)
    for digit in keys:
        runner.press(digit, 0.0)
    runner.end(0.0)
    return log.take()


def opt_out_without_agent(keys: str, *, at_ms: int) -> list[Entry]:
    """Return the opt-out of a caller whose agent cannot be used; empty if 9 was not pressed."""
    if OPT_OUT_KEY not in keys:
        return []
    wish = OptOut("key", OPT_OUT_KEY)
    return [Entry(kind=EntryKind.OPT_OUT, at_ms=at_ms, text=_WITHOUT_AGENT, payload=wish)]
