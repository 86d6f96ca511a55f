from typing import Any

import pytest

from campaigns.xfin.config import default_cookies_for, default_headers_for
from tests.campaigns.xfin.wire import PASSWORD, config


def test_address_has_tenant_version_and_trailing_slash() -> None:
    assert config().url("xact/message") == "https://api.awaaz.de/demo/v1/xact/message/"
    assert config("http://127.0.0.1:9000/").url("/content/") == "http://127.0.0.1:9000/demo/v1/content/"


def test_the_firewalls_header_and_cookie_go_to_the_vendors_host_only() -> None:
    assert default_headers_for("https://api.awaaz.de") == {"referer": "https://app.awaaz.de/"}
    assert config().headers["cookie"].startswith("login_cookie=")
    for other in ("http://127.0.0.1:9000", "https://api.awaaz.de.example.com"):
        assert default_headers_for(other) == {}
        assert default_cookies_for(other) == {}
        assert "cookie" not in config(other).headers


def test_an_accounts_own_headers_and_cookies_come_on_top() -> None:
    own = config(extra_headers={"Referer": "https://me.example/"}, cookies={"login_cookie": "7", "b": "2"})
    assert own.headers["referer"] == "https://me.example/"
    assert own.headers["cookie"] == "login_cookie=7; b=2"


def test_neither_repr_nor_account_key_holds_a_secret() -> None:
    own = config(cookies={"session": "s3cret-cookie"}, extra_headers={"x-key": "s3cret-header"})
    for text in (repr(own), own.account_key):
        assert PASSWORD not in text
        assert "s3cret" not in text


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"base_url": "ftp://api.awaaz.de"}, "base_url"),
        ({"base_url": "https://api.awaaz.de/demo/v1"}, "base_url"),
        ({"base_url": "https://me:pw@api.awaaz.de"}, "base_url"),
        ({"chunk_size": 0}, "chunk_size"),
        ({"chunk_size": 10_001}, "chunk_size"),
        ({"reference_tag": "tag6"}, "reference_tag"),
        ({"batch_tag": "tag5"}, "batch_tag"),
        ({"extra_headers": {"x": "a\r\nb: c"}}, "headers"),
        ({"cookies": {"x": "ü"}}, "headers"),
    ],
)
def test_what_cannot_work_is_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        config(**settings)
