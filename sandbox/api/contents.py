"""`content/`: recorded clips, multipart (awaaz-platform.md §1)."""

from __future__ import annotations  # UploadedFile is generic for the type checker only

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError

from sandbox.api.http import ApiError, JsonObject, answer, no_content, paged, read_object, text_of
from sandbox.models import Content, Tenant


def show(request: HttpRequest, tenant: Tenant, content: Content) -> JsonObject:
    """Return a clip as it is read back; `file` is an absolute URL, None while there is no file."""
    link = request.build_absolute_uri(f"/{tenant.name}/v1/content/{content.pk}/file/")
    return {
        "id": content.pk,
        "type": content.type,
        "name": content.name,
        "file": link if content.file else None,
    }


def list_contents(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return one page of the tenant's clips. Raises `ApiError` 404 past the end."""
    rows = Content.objects.filter(tenant=tenant).order_by("id")
    return paged(request, rows, lambda content: show(request, tenant, content))


def create_content(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Store a clip and return it with 201. Raises `ApiError` 400 naming the member that is wrong."""
    body, file = _read(request)
    content = Content(tenant=tenant, name=text_of(body, "name", required=True))
    _fill(content, body, file)
    return answer(show(request, tenant, content), 201)


def read_content(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return a clip. Raises `ApiError` 404."""
    return answer(show(request, tenant, _content(tenant, pk)))


def change_content(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Replace what was sent, a file too (PATCH and PUT); return the clip. Raises `ApiError` 400 or 404."""
    content = _content(tenant, pk)
    body, file = _read(request)
    _fill(content, body, file)
    return answer(show(request, tenant, content))


def delete_content(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Delete a clip and its file; return 204. Raises `ApiError` 404."""
    content = _content(tenant, pk)
    content.file.delete(save=False)
    content.delete()
    return no_content()


def download_content(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return a clip's WAV file. Raises `ApiError` 404."""
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
    """Read multipart, form or JSON, for every method (Django itself reads forms of POST only)."""
    if request.content_type == "application/json":
        return read_object(request), None
    if request.method == "POST":
        return request.POST.dict(), request.FILES.get("file")
    if request.content_type != "multipart/form-data":
        return QueryDict(request.body).dict(), None
    try:
        form, files = request.parse_file_upload(request.META, request)
    except MultiPartParserError as error:
        raise ApiError(400, f"The form cannot be read: {error}") from error
    return form.dict(), files.get("file")


def _fill(content: Content, body: JsonObject, file: UploadedFile[Any] | None) -> None:
    if "name" in body:
        content.name = text_of(body, "name", required=True)
    if "type" in body:
        content.type = text_of(body, "type", limit=40) or "audio"
    if file is not None:
        if (file.size or 0) > settings.SANDBOX_CONTENT_BYTES:
            limit = settings.SANDBOX_CONTENT_BYTES // 2**20
            raise ApiError(400, {"file": [f"At most {limit} MiB are taken."]})
        head = file.read(12)
        file.seek(0)
        if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
            raise ApiError(400, {"file": ["A WAV file was expected here."]})
        content.file.save(f"{content.name[:60]}.wav", file, save=False)
    content.save()
