"""Every address of the sandbox. The control API and the page come first: no tenant may shadow them."""

from django.urls import path

from sandbox.api import accounts, contents, messages, openapi, templates
from sandbox.api.http import async_path, route
from sandbox.control import calls, control, faults
from sandbox.page import views

CONTROL = {
    "health": control.control(GET=control.health),
    "tenants": control.control(POST=control.create_tenant),
    "users": control.control(GET=control.list_users, POST=control.create_user),
    "numbers": control.control(GET=control.list_numbers, POST=control.create_number),
    "people": control.control(GET=control.get_people, POST=control.set_people),
    "faults": control.control(GET=faults.list_faults, POST=faults.add_fault, DELETE=faults.clear_faults),
    "line-faults": control.control(
        GET=faults.list_line_faults, POST=faults.add_line_fault, DELETE=faults.clear_line_faults
    ),
    "call": control.control(POST=calls.order_call),
    "call-in": control.control(POST=calls.call_in),
    "calls": control.control(GET=calls.list_calls),
    r"calls/(?P<pk>\d{1,18})": control.control(GET=calls.read_call),
    "clock": control.control(GET=control.read_clock, POST=control.turn_clock),
    "messages": control.control(GET=control.list_messages),
    "summary": control.control(GET=control.summary),
}
ID = r"(?P<pk>\d{1,18})"

urlpatterns = [
    path("", views.home),
    *[path(name, views.page_file, {"name": name}) for name in views.FILES],
    path("sandbox/board", views.board),
    path("sandbox/levels", views.levels),
    *[async_path(f"^sandbox/{where}/?$", view) for where, view in CONTROL.items()],
    route(r"openapi.json", public=True, GET=openapi.read_openapi),
    route("account/login", public=True, POST=accounts.login),
    route("xact/message/create_bulk", POST=messages.create_bulk),
    route("xact/message/import", POST=messages.import_messages),
    route(
        "xact/message",
        GET=messages.list_messages,
        POST=messages.create_message,
        DELETE=messages.delete_messages,
    ),
    route(
        f"xact/message/{ID}",
        GET=messages.read_message,
        PATCH=messages.change_message,
        PUT=messages.replace_message,
        DELETE=messages.delete_message,
    ),
    route("xact/template", GET=templates.list_templates, POST=templates.create_template),
    route(f"xact/template/{ID}/reports", GET=templates.template_reports),
    route(f"xact/template/{ID}/statistics", GET=templates.template_statistics),
    route(
        f"xact/template/{ID}",
        GET=templates.read_template,
        PATCH=templates.change_template,
        PUT=templates.replace_template,
        DELETE=templates.delete_template,
    ),
    route("xact/templatelanguage", GET=templates.list_languages, POST=templates.create_language),
    route(
        f"xact/templatelanguage/{ID}",
        GET=templates.read_language,
        PATCH=templates.change_language,
        PUT=templates.replace_language,
        DELETE=templates.delete_language,
    ),
    route("content", GET=contents.list_contents, POST=contents.create_content),
    route(f"content/{ID}/file", GET=contents.download_content),
    route(
        f"content/{ID}",
        GET=contents.read_content,
        PATCH=contents.change_content,
        PUT=contents.change_content,
        DELETE=contents.delete_content,
    ),
]
