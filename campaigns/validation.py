"""Checks of input that the portal's forms and the API share."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings

from campaigns.models import Agent, Campaign, Template
from campaigns.schedule import retries

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
else:
    CampaignModelForm = forms.ModelForm


def too_large(size: int) -> str:
    """Why a file of so many bytes is not taken; empty if it is."""
    return (
        f"The file is larger than {settings.IMPORT_MAX_MB} MB." if size > settings.IMPORT_MAX_MB << 20 else ""
    )


def retry_problem(attempts: int | None, rules: dict[str, Any] | None, agent: Agent | None) -> str:
    """Why a campaign can't have these retry rules; empty if it can."""
    if rules and attempts == 1:
        return "One call to one person leaves no retry: allow more calls, or take the rules out."
    if rules and agent and retries.UNFINISHED in rules and agent.kind not in Agent.ASKING:
        return "This agent asks nothing, so none of its dialogues is unfinished."
    return ""


def retry_template_problem(attempts: int | None, template: Template | None, again: Template | None) -> str:
    """Why a campaign can't call people again through this template; empty if it can."""
    if again is None:
        return ""
    if attempts == 1:
        return "One call to one person leaves no retry: allow more calls, or take this out."
    if template and again.account_id != template.account_id:
        return "This template belongs to another account."
    if again.numbers.count() != 1:
        return "This template must have exactly one number: from it people are called again."
    return ""
