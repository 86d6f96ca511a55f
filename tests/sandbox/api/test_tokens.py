"""How long a token is good for."""

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.api import tokens
from sandbox.api.tokens import NotAuthenticated
from sandbox.models import Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def tenant() -> Tenant:
    tenant = Tenant.objects.create(name="asha")
    tenant.users.create(email="ops@asha.example", password_hash="x")
    return tenant


@pytest.mark.parametrize("tenth", range(10))
def test_a_shortened_token_lives_so_many_seconds_wherever_the_second_stands(
    tenant: Tenant, tenth: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    present = datetime(2026, 11, 23, 12, 0, 0, tenth * 100_000, tzinfo=UTC)
    monkeypatch.setattr("sandbox.clock.real_now", lambda: present)
    header = f"Bearer {tokens.shortened(tokens.issue(tenant.users.get()), 0.8)}"

    present += timedelta(seconds=0.79)
    tokens.require(header, tenant)

    present += timedelta(seconds=0.02)
    with pytest.raises(NotAuthenticated, match="has expired"):
        tokens.require(header, tenant)
