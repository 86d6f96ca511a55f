"""What `TokenStore` promises, kept by the store that the tests of the client use."""

from campaigns.xfin.tokens import TokenStore
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
