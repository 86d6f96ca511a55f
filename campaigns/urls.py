"""Addresses of the portal's pages about campaigns."""

from django.urls import path

from campaigns import callback_views, programme_views, views

urlpatterns = [
    path("programmes/", programme_views.programme_list, name="programmes"),
    path("programmes/lists/<int:pk>/", programme_views.standing_list, name="standing-list"),
    path("campaigns/", views.campaign_list, name="campaigns"),
    path("campaigns/new/", views.new_campaign, name="campaign-new"),
    path("campaigns/<int:pk>/", views.campaign_page, name="campaign"),
    path("campaigns/<int:pk>/edit/", views.edit_campaign, name="campaign-edit"),
    path("campaigns/<int:pk>/people/", views.people_page, name="campaign-people"),
    path(
        "campaigns/<int:pk>/people/<int:recipient>/callbacks/",
        callback_views.callbacks_page,
        name="campaign-callbacks",
    ),
    path(
        "campaigns/callbacks/<int:pk>/withdraw/", callback_views.withdraw_callback, name="callback-withdraw"
    ),
    path("campaigns/<int:pk>/files/", views.files_page, name="campaign-files"),
    path("campaigns/<int:pk>/cancel/ask/", views.ask_cancel, name="campaign-cancel"),
    path("campaigns/<int:pk>/preflight/", views.preflight_card, name="campaign-preflight"),
    path("campaigns/<int:pk>/preflight/ask/", views.ask_preflight, name="campaign-preflight-ask"),
    path("campaigns/<int:pk>/approve/", views.approve, name="campaign-approve"),
    path("campaigns/<int:pk>/<slug:verb>/", views.change_state, name="campaign-change"),
    path("campaigns/files/<int:pk>/", views.import_page, name="import"),
    path("campaigns/files/<int:pk>/columns/", views.choose_columns, name="import-columns"),
    path("campaigns/files/<int:pk>/progress/", views.import_progress, name="import-progress"),
    path("campaigns/files/<int:pk>/cancel/", views.cancel_import, name="import-cancel"),
    path("campaigns/files/<int:pk>/not-accepted/", views.rows_not_accepted, name="import-rows"),
]
