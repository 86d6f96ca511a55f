"""A small office on the platform for the tests: one tenant, one number, one template in two languages."""

import json
from typing import Any

from django.test import Client

from tests.sandbox.conftest import CALLER, TENANT

Json = Any


class Office:
    """Speaks to the XFin API as the tenant's own program would; made over the control API."""

    def __init__(self, *, scheme: str = "Bearer", slash: str = "/") -> None:
        self.client, self.scheme, self.slash = Client(), scheme, slash
        assert self.control("tenants", TENANT).status_code in (200, 201)
        self.login()

    def login(self) -> None:
        """A new token; its hour is one of the real clock."""
        self.token = self.call("POST", "account/login", TENANT).json()["token"]

    def control(self, where: str, body: Json = None, *, method: str = "POST") -> Any:
        """One call of the control API."""
        data = "" if body is None else json.dumps(body)
        return self.client.generic(method, f"/sandbox/{where}", data, content_type="application/json")

    def call(self, method: str, where: str, body: Json = None, **more: Any) -> Any:
        """One XFin call, JSON unless a `data` and `content_type` are given."""
        path, _, query = where.partition("?")
        headers = {"Authorization": f"{self.scheme} {getattr(self, 'token', '')}"}
        given = {"data": "" if body is None else json.dumps(body), "content_type": "application/json"}
        address = f"/demo/v1/{path}{self.slash}" + (f"?{query}" if query else "")
        return self.client.generic(method, address, headers=headers, **{**given, **more})

    def furnish(self, *, stream_url: str = "ws://127.0.0.1:1/", **number: Any) -> int:
        """A number, a template and its two languages; returns the template's id."""
        self.furnish_number(stream_url=stream_url, **number)
        options = [{"option": "phone_numbers", "value": CALLER}]
        template = self.call("POST", "xact/template", {"name": "EMI reminder", "advanced_options": options})
        pk = int(template.json()["id"])
        for language in ("hi", "en"):
            made = self.call("POST", "xact/templatelanguage", {"template": {"id": pk}, "language": language})
            assert made.status_code == 201
        return pk

    def furnish_number(self, *, stream_url: str = "ws://127.0.0.1:1/", **number: Any) -> None:
        """The caller number alone: made, or changed."""
        wanted = {"tenant": "demo", "phone_number": CALLER, "stream_url": stream_url, **number}
        assert self.control("numbers", wanted).status_code in (200, 201)

    def upload(self, count: int = 1, **fields: Any) -> list[Json]:
        """Upload `count` messages to different numbers, each with its own reference."""
        given = {"language": "hi", "template": "EMI reminder", **fields}
        batch = [{"phone_number": f"+9198765{n:05}", "tag5": f"m-{n}", **given} for n in range(count)]
        reply = self.call(
            "POST", "xact/message/create_bulk", {"transform_using_template": True, "data": batch}
        )
        assert reply.status_code == 201
        return list(reply.json())
