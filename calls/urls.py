"""Addresses of the portal's home and its pages about calls."""

from django.urls import path

from calls import views
from calls.studio import clips, editor, pages, talking, trying, versions

urlpatterns = [
    path("", views.home, name="home"),
    path("calls/", views.call_list, name="calls"),
    path("calls/live/", views.live_part, name="live-calls"),
    path("calls/<uuid:pk>/", views.call_detail, name="call"),
    path("calls/<uuid:pk>/audio/", views.call_audio, name="call-audio"),
    path("calls/<uuid:pk>/test/", trying.keep_call, name="call-test"),
    path("calls/<uuid:pk>/recording.wav", views.recording, name="recording"),
    path("calls/<uuid:pk>/messages/<int:answer>.wav", views.spoken_message, name="spoken-message"),
    path("campaigns/<int:pk>/report/", views.campaign_report, name="campaign-report"),
    path("campaigns/<int:pk>/answers/", views.campaign_answers, name="campaign-answers"),
    path("campaigns/<int:pk>/answers.csv", views.campaign_answers_file, name="campaign-answers-file"),
    path("pronunciations/<int:pk>/hear.wav", views.hear_pronunciation, name="pronunciation-hear"),
    path("person/", views.person_page, name="person"),
    path("dialogues/", pages.dialogue_list, name="dialogues"),
    path("dialogues/new/", pages.new_dialogue, name="dialogue-new"),
    path("dialogues/<int:pk>/", editor.dialogue_page, name="dialogue"),
    path("dialogues/<int:pk>/words.wav", editor.words_audio, name="dialogue-words"),
    path("dialogues/<int:pk>/clip/", clips.add_clip, name="dialogue-clip"),
    path("dialogues/<int:pk>/delete/", pages.delete_dialogue, name="dialogue-delete"),
    path("dialogues/<int:pk>/file/", pages.export_file, name="dialogue-file"),
    path("dialogues/<int:pk>/import/", pages.import_file, name="dialogue-import"),
    path("dialogues/<int:pk>/try/", trying.try_page, name="dialogue-try"),
    path("dialogues/<int:pk>/talk/", talking.talk_page, name="dialogue-talk"),
    path("dialogues/<int:pk>/tests/", trying.tests_page, name="dialogue-tests"),
    path("dialogues/<int:pk>/replay/", trying.replay_card, name="dialogue-replay"),
    path("dialogues/<int:pk>/versions/", versions.versions_page, name="dialogue-versions"),
    path("dialogues/<int:pk>/publish/", versions.publish_page, name="dialogue-publish"),
    path(
        "dialogues/<int:pk>/versions/<int:number>/take/<int:campaign>/",
        versions.take_version,
        name="dialogue-take",
    ),
]
