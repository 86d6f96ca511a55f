"""`manage.py make_token`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from campaigns.models import ApiToken
from tests import cast

pytestmark = pytest.mark.django_db


def test_the_command_makes_one_and_says_what_is_wrong() -> None:
    user, told = cast.manager(), StringIO()
    call_command("make_token", "asha", "--name", "the CRM", "--scope", "full", stdout=told)
    client = Client(headers={"authorization": f"Token {told.getvalue().strip()}"})
    assert client.get("/api/campaigns/").status_code == 200
    assert ApiToken.objects.get().user == user
    for arguments in (("nobody", "--name", "x"), ("asha", "--name", "x", "--days", "4000")):
        with pytest.raises(CommandError):
            call_command("make_token", *arguments)
