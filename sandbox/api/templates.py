"""`xact/template/` with reports and statistics, and `xact/templatelanguage/` (awaaz-platform.md §1)."""

from django.db import IntegrityError, transaction
from django.db.models import Avg, Count, ProtectedError
from django.http import HttpRequest, HttpResponse

from sandbox import clock
from sandbox.api.http import ApiError, JsonObject, answer, id_of, no_content, paged, read_object, text_of
from sandbox.api.messages import hours
from sandbox.models import Content, Message, Template, TemplateLanguage, Tenant

IN_USE = "Messages still use this; delete them first."


def show_template(template: Template) -> JsonObject:
    """Return a template as it is read back."""
    return {
        "id": template.pk,
        "name": template.name,
        "description": template.description,
        "medium": template.medium,
        "advanced_options": template.advanced_options,
    }


def list_templates(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return one page of the tenant's templates, or those of a `name`. Raises `ApiError` 404 past the end."""
    rows = Template.objects.filter(tenant=tenant).order_by("id")
    if name := request.GET.get("name"):
        rows = rows.filter(name=name)
    return paged(request, rows, show_template)


def create_template(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Create a template and return it with 201. Raises `ApiError` 400 naming the member that is wrong."""
    body = read_object(request)
    template = Template(tenant=tenant, name=text_of(body, "name", required=True))
    _fill_template(template, body)
    return answer(show_template(template), 201)


def read_template(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return a template. Raises `ApiError` 404."""
    return answer(show_template(_template(tenant, pk)))


def change_template(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Change what was sent (PATCH) and return the template. Raises `ApiError` 400 or 404."""
    template = _template(tenant, pk)
    _fill_template(template, read_object(request))
    return answer(show_template(template))


def replace_template(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Replace a template (PUT) and return it. Raises `ApiError` 400 or 404."""
    body = {"description": "", "advanced_options": [], **read_object(request)}
    text_of(body, "name", required=True)
    template = _template(tenant, pk)
    _fill_template(template, body)
    return answer(show_template(template))


def delete_template(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Delete a template; return 204. Raises `ApiError` 404, or 409 while messages use it."""
    _delete(_template(tenant, pk))
    return no_content()


def _template(tenant: Tenant, pk: int) -> Template:
    found = Template.objects.filter(tenant=tenant, pk=pk).first()
    if found is None:
        raise ApiError(404, "Not found.")
    return found


def _fill_template(template: Template, body: JsonObject) -> None:
    if "name" in body:
        template.name = text_of(body, "name", required=True)
    if "description" in body:
        template.description = text_of(body, "description", limit=5000)
    if text_of(body, "medium") not in ("", "voice"):
        raise ApiError(400, {"medium": ["Only 'voice' is offered."]})
    if "advanced_options" in body:
        given = body["advanced_options"]
        is_list = isinstance(given, list) and len(given) <= 100
        if not is_list or not all(isinstance(o, dict) and isinstance(o.get("option"), str) for o in given):
            raise ApiError(400, {"advanced_options": ['A list of {"option", "value"} was expected here.']})
        template.advanced_options = [{"option": o["option"], "value": o.get("value")} for o in given]
        try:
            template.redials()
        except ValueError as error:
            raise ApiError(400, {"advanced_options": [str(error)]}) from error
    _save(template, {"name": ["There is a template of this name already."]})


def _save(row: Template | TemplateLanguage, taken: JsonObject) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ApiError(400, taken) from error


def _delete(row: Template | TemplateLanguage) -> None:
    try:
        row.delete()
    except ProtectedError as error:
        raise ApiError(409, IN_USE) from error


def template_reports(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return one page of the delivery report, one row a message. Raises `ApiError` 404."""
    rows = Message.objects.filter(template=_template(tenant, pk)).select_related("templatelanguage")
    return paged(request, rows.order_by("id"), _report_row)


def _report_row(message: Message) -> JsonObject:
    sent_on = clock.to_wire(message.dialled_at) if message.dialled_at else None
    row: JsonObject = {
        "phone_number": message.phone_number,
        "name": str(message.fields.get("name", "")),
        "language": message.templatelanguage.language,
        "requested_on": clock.to_wire(message.requested_at),
        "sent_on": sent_on,
        "delivery_status": message.reason_code or message.state.upper(),
        "duration": hours(message.duration_ms),
        "response_value": message.response_value or None,
    }
    return row | {f"tag{n}": getattr(message, f"tag{n}") or None for n in range(1, 6)}


def template_statistics(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return counts by state and by reason code, and the mean duration of answered calls in seconds.

    Raises `ApiError` 404.
    """
    rows = Message.objects.filter(template=_template(tenant, pk))
    states = dict(rows.values_list("state").annotate(n=Count("pk")).order_by())
    reasons = dict(rows.exclude(reason_code="").values_list("reason_code").annotate(n=Count("pk")).order_by())
    answered = rows.filter(duration_ms__gt=0)
    mean = answered.aggregate(mean=Avg("duration_ms"))["mean"] or 0
    return answer(
        {
            "total": sum(states.values()),
            "states": {state.value: states.get(state.value, 0) for state in Message.State},
            "reason_codes": reasons,
            "answered": answered.count(),
            "average_duration_seconds": round(mean / 1000, 1),
        }
    )


def show_language(form: TemplateLanguage) -> JsonObject:
    """Return a template's form in one language as it is read back."""
    return {
        "id": form.pk,
        "template": {"id": form.template_id},
        "language": form.language,
        "syntax": form.syntax,
        "content": [{"id": pk} for pk in form.content_ids],
    }


def list_languages(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Return one page of the tenant's forms, or those of a `template`. Raises `ApiError` 400 or 404."""
    rows = TemplateLanguage.objects.filter(template__tenant=tenant).order_by("id")
    if template := request.GET.get("template"):
        rows = rows.filter(template_id=id_of(template, "template"))
    return paged(request, rows, show_language)


def create_language(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    """Create a template's form in a language and return it with 201. Raises `ApiError` 400."""
    body = read_object(request)
    form = TemplateLanguage(language=text_of(body, "language", required=True, limit=20))
    _fill_language(form, tenant, {"template": None, **body})
    return answer(show_language(form), 201)


def read_language(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Return a form. Raises `ApiError` 404."""
    return answer(show_language(_language(tenant, pk)))


def change_language(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Change what was sent (PATCH) and return the form. Raises `ApiError` 400 or 404."""
    form = _language(tenant, pk)
    _fill_language(form, tenant, read_object(request))
    return answer(show_language(form))


def replace_language(request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Replace a form (PUT) and return it. Raises `ApiError` 400 or 404."""
    form = _language(tenant, pk)
    body = {"template": None, "language": "", "syntax": "", "content": [], **read_object(request)}
    _fill_language(form, tenant, body)
    return answer(show_language(form))


def delete_language(_request: HttpRequest, tenant: Tenant, *, pk: int) -> HttpResponse:
    """Delete a form; return 204. Raises `ApiError` 404, or 409 while messages use it."""
    _delete(_language(tenant, pk))
    return no_content()


def _language(tenant: Tenant, pk: int) -> TemplateLanguage:
    found = TemplateLanguage.objects.filter(template__tenant=tenant, pk=pk).first()
    if found is None:
        raise ApiError(404, "Not found.")
    return found


def _fill_language(form: TemplateLanguage, tenant: Tenant, body: JsonObject) -> None:
    if "template" in body:
        pk = id_of(body["template"], "template")
        if not Template.objects.filter(tenant=tenant, pk=pk).exists():
            raise ApiError(400, {"template": ["There is no template of this id."]})
        form.template_id = pk
    if "language" in body:
        form.language = text_of(body, "language", required=True, limit=20)
    if "syntax" in body:
        form.syntax = text_of(body, "syntax", limit=10_000)
    if "content" in body:
        given = body["content"]
        if not isinstance(given, list) or len(given) > 500:
            raise ApiError(400, {"content": ["A list of content ids was expected here."]})
        ids = [id_of(item, "content") for item in given]
        known = set(Content.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True))
        if missing := [pk for pk in ids if pk not in known]:
            raise ApiError(400, {"content": [f"There is no content with the id {missing[0]}."]})
        form.content_ids = ids
    _save(form, {"language": ["The template has a form in this language already."]})
