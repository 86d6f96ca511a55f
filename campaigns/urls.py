"""Addresses of the portal's pages about campaigns."""

from django.urls import path

from campaigns.portal import appointments, callbacks, campaigns, imports, people, programmes, pronunciations

urlpatterns = [
    path("calendars/", appointments.calendar_list, name="calendars"),
    path("calendars/<int:pk>/", appointments.calendar_page, name="calendar"),
    path("calendars/<int:pk>/table/", appointments.add_table, name="calendar-table"),
    path("calendars/<int:pk>/file/", appointments.add_file, name="calendar-file"),
    path("calendars/slots/<int:pk>/remove/", appointments.remove_slot, name="slot-remove"),
    path("calendars/appointments/<int:pk>/cancel/", appointments.cancel, name="appointment-cancel"),
    path("programmes/", programmes.programme_list, name="programmes"),
    path("programmes/lists/<int:pk>/", programmes.standing_list, name="standing-list"),
    path("pronunciations/", pronunciations.pronunciation_list, name="pronunciations"),
    path("pronunciations/<int:pk>/remove/", pronunciations.remove_pronunciation, name="pronunciation-remove"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.new_campaign, name="campaign-new"),
    path("campaigns/<int:pk>/", campaigns.campaign_page, name="campaign"),
    path("campaigns/<int:pk>/edit/", campaigns.edit_campaign, name="campaign-edit"),
    path("campaigns/<int:pk>/people/", people.people_page, name="campaign-people"),
    path(
        "campaigns/<int:pk>/people/<int:recipient>/callbacks/",
        callbacks.callbacks_page,
        name="campaign-callbacks",
    ),
    path("campaigns/callbacks/<int:pk>/withdraw/", callbacks.withdraw_callback, name="callback-withdraw"),
    path("call-backs/", callbacks.staff_callback_list, name="staff-callbacks"),
    path("call-backs/<int:pk>/", callbacks.change_staff_callback, name="staff-callback"),
    path("campaigns/<int:pk>/files/", imports.files_page, name="campaign-files"),
    path("campaigns/<int:pk>/cancel/ask/", campaigns.ask_cancel, name="campaign-cancel"),
    path("campaigns/<int:pk>/preflight/", campaigns.preflight_card, name="campaign-preflight"),
    path("campaigns/<int:pk>/preflight/ask/", campaigns.ask_preflight, name="campaign-preflight-ask"),
    path("campaigns/<int:pk>/approve/", campaigns.approve, name="campaign-approve"),
    path("campaigns/<int:pk>/goals/", campaigns.choose_goals, name="campaign-goals"),
    path("campaigns/<int:pk>/<slug:verb>/", campaigns.change_state, name="campaign-change"),
    path("campaigns/files/<int:pk>/", imports.import_page, name="import"),
    path("campaigns/files/<int:pk>/progress/", imports.import_progress, name="import-progress"),
    path("campaigns/files/<int:pk>/cancel/", imports.cancel_import, name="import-cancel"),
    path("campaigns/files/<int:pk>/update/", imports.update_those_who_wait, name="import-update"),
    path("campaigns/files/<int:pk>/not-accepted/", imports.rows_not_accepted, name="import-rows"),
]
