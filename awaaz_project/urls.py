"""The addresses of the portal, the API and the admin."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import IsAdminUser
from rest_framework.routers import DefaultRouter

from calls.api import CallViewSet, CampaignReportView, DialogueSchemaView, PersonViewSet
from campaigns.api import appointments, callbacks, campaigns, imports, people, programmes, services, templates

router = DefaultRouter()
router.register("templates", templates.TemplateViewSet, basename="api-template")
router.register("template-languages", templates.TemplateLanguageViewSet, basename="api-template-language")
router.register("contents", templates.ContentViewSet, basename="api-content")
router.register("numbers", templates.NumberViewSet, basename="api-number")
router.register("campaigns", campaigns.CampaignViewSet, basename="api-campaign")
router.register("imports", imports.ImportViewSet, basename="api-import")
router.register("column-mappings", imports.MappingViewSet, basename="api-mapping")
router.register("recipients", people.RecipientViewSet, basename="api-recipient")
router.register("callbacks", callbacks.CallbackViewSet, basename="api-callback")
router.register("staff-callbacks", callbacks.StaffCallbackViewSet, basename="api-staff-callback")
router.register("suppressions", people.SuppressionViewSet, basename="api-suppression")
router.register("standing-lists", programmes.StandingListViewSet, basename="api-standing-list")
router.register("members", programmes.MemberViewSet, basename="api-member")
router.register("programmes", programmes.ProgrammeViewSet, basename="api-programme")
router.register("draws", programmes.DrawViewSet, basename="api-draw")
router.register("calendars", appointments.CalendarViewSet, basename="api-calendar")
router.register("slots", appointments.SlotViewSet, basename="api-slot")
router.register("appointments", appointments.AppointmentViewSet, basename="api-appointment")
router.register("services", services.ServiceViewSet, basename="api-service")
router.register("notifications", services.NotificationViewSet, basename="api-notification")
router.register("calls", CallViewSet, basename="api-call")
router.register("person", PersonViewSet, basename="api-person")

urlpatterns = [
    path("", include("calls.urls")),
    path("", include("campaigns.urls")),
    path("login/", auth.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[IsAdminUser]), name="api-schema"),
    path(
        "api/docs/",
        SpectacularSwaggerView.as_view(
            url_name="api-schema", permission_classes=[IsAdminUser], template_name="api_docs.html"
        ),
        name="api-docs",
    ),
    path("api/campaigns/<int:pk>/report/", CampaignReportView.as_view(), name="api-campaign-report"),
    path("api/dialogue.schema.json", DialogueSchemaView.as_view(), name="api-dialogue-schema"),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
]
