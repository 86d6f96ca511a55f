"""The signature by a value worked out apart from our code, and by the recipe of the page about it."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pytest_django import Settings

from campaigns.outside import client
from campaigns.outside.addresses import destination
from campaigns.outside.registry import Known
from campaigns.outside.signature import headers, signature
from tests.campaigns.outside.shop import SECRET, Shop, running

PAGE = Path(__file__).resolve().parents[3] / "docs" / "outside-services.md"


def written(language: str) -> str:
    """The block of this language on the page for those who run a service."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_signature_is_what_openssl_says() -> None:
    # printf '%s' '1796025600.POST./calls?from=us.{"id": "1"}' | openssl dgst -sha256 -hmac s3cret
    wanted = "924965ccb28e37a7f4c0bf45b4693d7def809616f18ee4ba222742dc4b8648ad"
    body = b'{"id": "1"}'
    assert signature("s3cret", timestamp=1796025600, path="/calls?from=us", body=body) == wanted
    assert headers("k-1", "s3cret", timestamp=1796025600, path="/calls?from=us", body=body, key="1") == {
        "X-Signature-Time": "1796025600",
        "X-Signature-Key": "k-1",
        "X-Signature": wanted,
        "Idempotency-Key": "1",
    }


@pytest.mark.parametrize(("secret", "accepted"), [(SECRET, True), ("another", False)])
async def test_the_recipe_of_the_page_knows_our_requests(
    settings: Settings, secret: str, accepted: bool
) -> None:
    settings.OUTSIDE_HTTP_ON_THIS_MACHINE = True
    recipe: dict[str, Any] = {}
    exec(written("python"), recipe)  # as a reader of the page does
    said: list[bool] = []

    def verify(sent: Any, scope: Any, body: bytes) -> bool:
        path = f"{scope['path']}?{scope['query_string'].decode()}"
        said.append(recipe["is_ours"](httpx.Headers(sent), scope["method"], path, body, {"k-1": secret}))
        return True

    with running(Shop(verify=verify)) as shop:
        service = Known(
            name="shop",
            where=destination(f"http://127.0.0.1:{shop.port}/calls?from=us"),
            own_network=True,
            key_id="k-1",
            secret=SECRET,
            timeout_s=10.0,
        )
        await client.post(service, {"values": {"name": "आशा"}}, key=UUID(int=5))
    assert said == [accepted]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="no curl or openssl here")
def test_the_lines_for_the_shell_make_a_request_that_is_signed() -> None:
    with running(Shop()) as shop:
        given = {"URL": f"http://127.0.0.1:{shop.port}/calls?from=us", "KEY": "k-1", "SECRET": SECRET}
        done = subprocess.run(
            ["sh", "-eu", "-c", written("sh")],
            env={"PATH": "/usr/bin:/bin", **given},
            capture_output=True,
            timeout=60,
            check=True,
        )
    assert (done.stdout, shop.refused) == (b'{"answer": "call", "due": "1,500"}', 0)
