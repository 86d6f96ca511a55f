"""`content/`: recorded clips, multipart (awaaz-platform.md §1)."""

from __future__ import annotations  # UploadedFile is generic for the type checker only

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.datastructures import MultiValueDict

from sandbox.api.http import ApiError, JsonObject, answer, no_content, paged, read_object, text_of
from sandbox.models import Content, Tenant


def show(request: HttpRequest, tenant: Tenant, content: Content) -> JsonObject:
    link = request.build_absolute_uri(f"/{tenant.name}/v1/content/{content.pk}/file/")
    return {
        "id": content.pk,
        "type": content.type,
        "name": content.name,
        "file": link if content.file else None,
    }


def list_contents(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    rows = Content.objects.filter(tenant=tenant).order_by("id")
    return paged(request, rows, lambda content: show(request, tenant, content))


def create_content(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    body, file = _read(request)
    content = Content(tenant=tenant, name=text_of(body, "name", required=True))
    _fill(content, body, file)
    return answer(show(request, tenant, content), 201)


def read_content(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    return answer(show(request, tenant, _content(tenant, pk)))


def change_content(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """PATCH and PUT alike: what was sent is replaced, a file too."""
    content = _content(tenant, pk)
    body, file = _read(request)
    _fill(content, body, file)
    return answer(show(request, tenant, content))


def delete_content(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    content = _content(tenant, pk)
    content.file.delete(save=False)
    content.delete()
    return no_content()


def download_content(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    content = _content(tenant, pk)
    if not content.file:
        raise ApiError(404, "This content has no file.")
    with content.file.open("rb") as file:
        return HttpResponse(file.read(), content_type="audio/wav")


def _content(tenant: Tenant, pk: int) -> Content:
    found = Content.objects.filter(tenant=tenant, pk=pk).first()
    if found is None:
        raise ApiError(404, "Not found.")
    return found


def _read(request: HttpRequest) -> tuple[JsonObject, UploadedFile[Any] | None]:
    """Multipart, form or JSON, for every method (Django itself reads forms of POST only)."""
    kind = request.content_type or ""
    if kind == "application/json":
        return read_object(request), None
    form, files = _multipart(request) if request.method != "POST" else (request.POST, request.FILES)
    return form.dict(), files.get("file")


def _multipart(request: HttpRequest) -> tuple[QueryDict, MultiValueDict[str, UploadedFile[Any]]]:
    if request.content_type != "multipart/form-data":
        return QueryDict(request.body), MultiValueDict()
    try:
        return request.parse_file_upload(request.META, request)
    except MultiPartParserError as error:
        raise ApiError(400, f"The form cannot be read: {error}") from error


def _fill(content: Content, body: JsonObject, file: UploadedFile[Any] | None) -> None:
    if "name" in body:
        content.name = text_of(body, "name", required=True)
    if "type" in body:
        content.type = text_of(body, "type", limit=40) or "audio"
    if file is not None:
        _require_wav(file)
        content.file.save(f"{content.name[:60]}.wav", file, save=False)
    content.save()


def _require_wav(file: UploadedFile[Any]) -> None:
    if (file.size or 0) > settings.SANDBOX_CONTENT_BYTES:
        raise ApiError(400, {"file": [f"At most {settings.SANDBOX_CONTENT_BYTES // 2**20} MiB are taken."]})
    head = file.read(12)
    file.seek(0)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise ApiError(400, {"file": ["A WAV file was expected here."]})
