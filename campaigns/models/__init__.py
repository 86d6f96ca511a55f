"""The tables of what staff manage; docs/architecture.md has the words."""

from campaigns.models.accounts import Account, PhoneNumber, User
from campaigns.models.appointments import Appointment, Calendar, Hold, Slot
from campaigns.models.approvals import Approval
from campaigns.models.callbacks import Callback, StaffCallback
from campaigns.models.campaigns import Agent, Campaign, CampaignChange
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
from campaigns.models.dialogues import Dialogue, DialogueVersion, KeptTest
from campaigns.models.people import (
    ChosenLanguage,
    ColumnMapping,
    Import,
    ImportRow,
    Recipient,
    RecognitionTry,
    Suppression,
)
from campaigns.models.preflight import Preflight
from campaigns.models.privacy import Erasure, KeyMark, LegalHold, Purge
from campaigns.models.programmes import Draw, Member, MemberDate, Programme, ProgrammeRound, StandingList
from campaigns.models.pronunciations import Pronunciation
from campaigns.models.quotas import QuotaCell
from campaigns.models.sending import Evidence, Message, Trouble, Turn, UploadBatch
from campaigns.models.services import AllowedHost, Notification, OutsideService
from campaigns.models.templates import Content, Template, TemplateLanguage
from campaigns.models.tokens import ApiToken
from campaigns.models.voices import HostedVoice

__all__ = [
    "Account",
    "Agent",
    "AllowedHost",
    "ApiToken",
    "Appointment",
    "Approval",
    "Calendar",
    "Callback",
    "CallerDeclaration",
    "CallingBasis",
    "Campaign",
    "CampaignChange",
    "CampaignDeclaration",
    "ChosenLanguage",
    "ColumnMapping",
    "Complaint",
    "Content",
    "Dialogue",
    "DialogueVersion",
    "Draw",
    "Erasure",
    "Evidence",
    "Hold",
    "Holiday",
    "HostedVoice",
    "Import",
    "ImportRow",
    "KeptTest",
    "KeyMark",
    "LegalHold",
    "Member",
    "MemberDate",
    "Message",
    "Notification",
    "OutsideService",
    "PhoneNumber",
    "PollingDay",
    "Preflight",
    "Programme",
    "ProgrammeRound",
    "Pronunciation",
    "Purge",
    "QuotaCell",
    "Recipient",
    "RecognitionTry",
    "Registration",
    "ScrubHit",
    "ScrubRun",
    "Slot",
    "StaffCallback",
    "StandingList",
    "Suppression",
    "Template",
    "TemplateLanguage",
    "Trouble",
    "Turn",
    "UploadBatch",
    "User",
]
