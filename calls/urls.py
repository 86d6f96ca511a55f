"""Addresses of the portal's home and its pages about calls."""

from django.urls import path

from calls import views

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/", views.call_list, name="calls"),
    path("calls/live/", views.live_part, name="live-calls"),
    path("calls/<uuid:pk>/", views.call_detail, name="call"),
    path("calls/<uuid:pk>/audio/", views.call_audio, name="call-audio"),
    path("calls/<uuid:pk>/recording.wav", views.recording, name="recording"),
    path("campaigns/<int:pk>/report/", views.campaign_report, name="campaign-report"),
    path("pronunciations/<int:pk>/hear.wav", views.hear_pronunciation, name="pronunciation-hear"),
    path("person/", views.person_page, name="person"),
]
