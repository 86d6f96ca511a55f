"""What the portal's forms and the API share about input: the fields of a campaign, and checks."""

from typing import Any

from django.conf import settings

from campaigns import agent_inspection
from campaigns.models import Agent, Template
from campaigns.schedule import retries

#: What staff set of a campaign, in the order of the form.
CAMPAIGN_FIELDS = (
    "name",
    "template",
    "number",
    "agent",
    "category",
    "default_language",
    "starts_at",
    "window_start",
    "window_end",
    "calls_per_minute",
    "most_at_once",
    "priority",
    "max_attempts",
    "retry_gaps",
    "retry_rules",
    "goes_on",
    "retry_template",
    "stop_at_percent",
    "stop_at_complaints",
    "asks",
    "when_silent",
)


def too_large(size: int) -> str:
    """Return why a file of so many bytes is not taken; empty if it is."""
    most = settings.IMPORT_MAX_MB
    return f"The file is larger than {most} MB." if size > most << 20 else ""


def retry_problem(attempts: int | None, rules: dict[str, Any] | None, agent: Agent | None) -> str:
    """Return why a campaign can't have these retry rules; empty if it can."""
    if rules and attempts == 1:
        return "One call to one person leaves no retry: allow more calls, or take the rules out."
    if rules and agent and retries.UNFINISHED in rules and not agent_inspection.asks(agent.kind):
        return "This agent asks nothing, so none of its dialogues is unfinished."
    return ""


def goes_on_problem(attempts: int | None, agent: Agent | None) -> str:
    """Return why a campaign's calls can't go on where they broke off; empty if they can."""
    if attempts == 1:
        return "One call to one person leaves no retry: allow more calls, or switch this off."
    if agent and agent.kind != Agent.Kind.DIALOGUE:
        return "Only a dialogue can go on where a call broke off."
    return ""


def retry_template_problem(attempts: int | None, template: Template | None, again: Template | None) -> str:
    """Return why a campaign can't call people again through this template; empty if it can."""
    if again is None:
        return ""
    if attempts == 1:
        return "One call to one person leaves no retry: allow more calls, or take this out."
    if template and again.account_id != template.account_id:
        return "This template belongs to another account."
    if again.numbers.count() != 1:
        return "This template must have exactly one number: from it people are called again."
    return ""
