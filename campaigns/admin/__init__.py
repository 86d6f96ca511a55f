"""Django's admin for what staff manage. Records of what happened can be read here and nothing else."""

from campaigns.admin import (
    accounts,
    appointments,
    audit,
    campaigns,
    compliance,
    people,
    privacy,
    programmes,
    sending,
    services,
    staff,
    templates,
    voices,
)
from campaigns.admin.base import ReadOnly, RecordAdmin, TableAdmin

__all__ = [
    "ReadOnly",
    "RecordAdmin",
    "TableAdmin",
    "accounts",
    "appointments",
    "audit",
    "campaigns",
    "compliance",
    "people",
    "privacy",
    "programmes",
    "sending",
    "services",
    "staff",
    "templates",
    "voices",
]
