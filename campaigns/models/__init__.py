"""Every word of docs/architecture.md that staff manage, as a table."""

from campaigns.models.accounts import Account, PhoneNumber, User
from campaigns.models.campaigns import Agent, Campaign
from campaigns.models.compliance import (
    CallerDeclaration,
    CallingBasis,
    CampaignDeclaration,
    Complaint,
    Holiday,
    PollingDay,
    Registration,
    ScrubHit,
    ScrubRun,
)
from campaigns.models.people import Import, ImportRow, Recipient, Suppression
from campaigns.models.sending import Evidence, Message, UploadBatch
from campaigns.models.templates import Content, Template, TemplateLanguage

__all__ = [
    "Account",
    "Agent",
    "CallerDeclaration",
    "CallingBasis",
    "Campaign",
    "CampaignDeclaration",
    "Complaint",
    "Content",
    "Evidence",
    "Holiday",
    "Import",
    "ImportRow",
    "Message",
    "PhoneNumber",
    "PollingDay",
    "Recipient",
    "Registration",
    "ScrubHit",
    "ScrubRun",
    "Suppression",
    "Template",
    "TemplateLanguage",
    "UploadBatch",
    "User",
]
