"""The XFin API described as OpenAPI 3.1: paths from the routes, summaries and members from `openapi.yaml`."""

import re
from pathlib import Path

import yaml
from django.http import HttpRequest, HttpResponse

from sandbox.api.http import ROUTES, JsonObject, answer
from sandbox.models import Tenant

TAKEN: dict[str, JsonObject] = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text("utf-8"))
ID = re.compile(r"\(\?P<(\w+)>[^)]*\)")
KINDS: dict[str, JsonObject] = {"binary": {"type": "string", "format": "binary"}}
ABOUT = (
    "The sandbox's stand-in for the platform's REST API, written from its published interface. "
    "Every path works with and without the last slash."
)


def read_openapi(_request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return the description of the API, whose server is this tenant's address."""
    return answer(document() | {"servers": [{"url": f"/{tenant.name}/v1"}]})


def document() -> JsonObject:
    """Return the description as an OpenAPI document without `servers`, which differ by the tenant."""
    paths: JsonObject = {}
    for route in ROUTES:
        path: JsonObject = {
            method.lower(): _operation(handler.__name__, public=route.public)
            for method, handler in route.handlers.items()
        }
        paths["/" + ID.sub(r"{\1}", route.path)] = path
        if ids := ID.findall(route.path):
            path["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}} for name in ids
            ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "XFin, as the sandbox serves it", "version": "1", "description": ABOUT},
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(name: str, *, public: bool) -> JsonObject:
    taken = TAKEN.get(name, {})
    described: JsonObject = {
        "operationId": name,
        "summary": taken.get("summary") or f"{name.replace('_', ' ').capitalize()}.",
        "security": [] if public else [{"token": []}],
        "responses": {
            "2XX": {"description": "Done; deleting answers without a body."},
            "4XX": {"description": "Refused; the body names the member, or `detail` says why."},
        },
    }
    if "query" in taken:
        described["parameters"] = [
            {"name": query, "in": "query", "schema": {"type": "string"}} for query in taken["query"]
        ]
    if "body" in taken or "form" in taken:
        members = taken.get("body") or taken["form"]
        schema: JsonObject = {
            "type": "object",
            "properties": {
                member.rstrip("*"): KINDS.get(kind, {"type": kind}) for member, kind in members.items()
            },
        }
        if required := [member[:-1] for member in members if member.endswith("*")]:
            schema["required"] = required
        media_type = "application/json" if "body" in taken else "multipart/form-data"
        described["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
    return described
