"""What is kept of a token, and what became of those of an earlier version."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from campaigns import clock
from campaigns.models import ApiToken
from campaigns.models.tokens import issue
from campaigns.pseudonyms import token_name
from tests import cast

pytestmark = pytest.mark.django_db


def test_only_a_hash_is_kept() -> None:
    token, key = issue(cast.manager(), name="the CRM", scope="read", days=1, now=clock.now())
    assert len(key) == 60
    assert key not in str(list(ApiToken.objects.values()))
    assert token.known_as == token_name(key)


@pytest.mark.django_db(transaction=True)
def test_a_token_of_before_goes_on_for_a_while_and_its_key_is_gone() -> None:
    user, key = cast.manager(), "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
    executor = MigrationExecutor(connection)
    executor.migrate([("campaigns", "0024_turns_and_own_failures")])
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE authtoken_token (key varchar(40), created timestamp, user_id bigint)")
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, '2026-01-01', %s)", [key, user.pk])
    executor.loader.build_graph()
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert "authtoken_token" not in connection.introspection.table_names()
    token = ApiToken.objects.get()
    assert (token.user, token.known_as, token.scope) == (user, token_name(key), "full")
    client = Client(headers={"authorization": f"Token {key}"})
    assert client.get("/api/campaigns/").status_code == 200
