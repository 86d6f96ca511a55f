"""The tokens of programs that use the API: kept as hashes, with a scope and an end."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar, TypeAlias

from django.db import models

from campaigns.models.accounts import User
from campaigns.models.base import Stamped, one_of
from campaigns.pseudonyms import token_name

LONGEST_DAYS = 366


class ApiTokenScope(models.TextChoices):
    """What a token lets its user do, at most what the user may."""

    READ = "read", "Read; phone numbers masked"
    ADD = "add", "Read and add: people, call-backs, suppressions, drafts"
    FULL = "full", "All that its user may do"


#: Beginnings of the names of permissions that a scope lets through.
_LETS = {ApiTokenScope.READ: ("view_",), ApiTokenScope.ADD: ("view_", "add_"), ApiTokenScope.FULL: ("",)}


class ApiToken(Stamped):
    """One token. Only its hash is here: it is shown when it is made, and never again."""

    Scope: TypeAlias = ApiTokenScope

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80, help_text="Which program has it.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    known_as = models.CharField(max_length=20, editable=False, help_text="Its name in the audit log.")
    scope = models.CharField(max_length=5, choices=ApiTokenScope, default=ApiTokenScope.READ)
    expires_at = models.DateTimeField("good until")

    class Meta:
        verbose_name = "API token"
        ordering = ("-created_at",)
        constraints: ClassVar = [one_of("scope", ApiTokenScope, table="apitoken")]

    def __str__(self) -> str:
        return f"{self.known_as} of {self.user}"

    def give_key(self) -> str:
        """Set a new key on this unsaved token and return it: 240 random bits in hex."""
        key = secrets.token_hex(30)
        self.digest, self.known_as = digest_of(key), token_name(key)
        return key

    def allows(self, permissions: Iterable[str]) -> bool:
        """Return whether the scope lets all of these permissions (`app.codename`) through."""
        beginnings = _LETS[ApiTokenScope(self.scope)]
        return all(permission.partition(".")[2].startswith(beginnings) for permission in permissions)


def digest_of(key: str) -> str:
    """Return what is kept of a key. It has too many bits to be guessed, so the hash needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


def issue(user: User, *, name: str, scope: str, days: float, now: datetime) -> tuple[ApiToken, str]:
    """Store a token for `days`; return it with its key, which is kept nowhere."""
    token = ApiToken(user=user, name=name, scope=scope, expires_at=now + timedelta(days=days))
    key = token.give_key()
    token.save()
    return token, key
