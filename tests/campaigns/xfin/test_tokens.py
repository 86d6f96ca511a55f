"""What `TokenStore` promises, kept by the store that the tests of the client use."""

import pytest

from campaigns.xfin.tokens import TokenStore, life_of
from tests.campaigns.xfin.wire import MemoryTokenStore


def test_tokens_are_kept_by_account() -> None:
    store: TokenStore = MemoryTokenStore()
    store.put("a", "1")
    store.put("b", "2")
    store.clear("a")
    store.clear("never seen")
    assert (store.get("a"), store.get("b")) == (None, "2")


def test_each_account_has_one_lock_of_its_own() -> None:
    store: TokenStore = MemoryTokenStore()
    assert store.lock("a") is store.lock("a")
    assert store.lock("a") is not store.lock("b")


def test_a_tokens_life_is_told_by_its_own_beginning_and_end() -> None:
    assert life_of("eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjEwMDAsImV4cCI6NDYwMC41fQ.c2ln") == 3600.5


@pytest.mark.parametrize("token", ["", "a-token", "a.b.c", "a.e30.c", "a.eyJ1IjoxfQ.c", "ä.ä.ä"])
def test_a_token_that_does_not_say_it_has_no_known_life(token: str) -> None:
    assert life_of(token) is None
