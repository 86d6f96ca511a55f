"""The addresses of the portal, the API and the admin."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import IsAdminUser
from rest_framework.routers import DefaultRouter

from calls.api import CallViewSet, CampaignReportView, PersonViewSet
from campaigns import api, callback_api, programme_api

router = DefaultRouter()
router.register("templates", api.TemplateViewSet, basename="api-template")
router.register("template-languages", api.TemplateLanguageViewSet, basename="api-template-language")
router.register("contents", api.ContentViewSet, basename="api-content")
router.register("numbers", api.NumberViewSet, basename="api-number")
router.register("campaigns", api.CampaignViewSet, basename="api-campaign")
router.register("imports", api.ImportViewSet, basename="api-import")
router.register("column-mappings", api.MappingViewSet, basename="api-mapping")
router.register("recipients", api.RecipientViewSet, basename="api-recipient")
router.register("callbacks", callback_api.CallbackViewSet, basename="api-callback")
router.register("suppressions", api.SuppressionViewSet, basename="api-suppression")
router.register("standing-lists", programme_api.StandingListViewSet, basename="api-standing-list")
router.register("members", programme_api.MemberViewSet, basename="api-member")
router.register("programmes", programme_api.ProgrammeViewSet, basename="api-programme")
router.register("draws", programme_api.DrawViewSet, basename="api-draw")
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
        SpectacularSwaggerView.as_view(url_name="api-schema", permission_classes=[IsAdminUser]),
        name="api-docs",
    ),
    path("api/campaigns/<int:pk>/report/", CampaignReportView.as_view(), name="api-campaign-report"),
    path("api/", include(router.urls)),
    path("admin/", admin.site.urls),
]
