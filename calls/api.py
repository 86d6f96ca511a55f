"""The API of what happened live: to be read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.forms import Form
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.agents.dialogue.schema import json_schema
from calls.models import Call
from calls.queries import of_phones
from calls.recordings.messages import message_audio
from calls.reports import attempts, person
from calls.serializers import CallSerializer, EventSerializer, PersonSerializer, PersonWishSerializer
from campaigns import audit, clock
from campaigns.models import Message
from campaigns.permissions import acting_user, sees_numbers
from campaigns.portal.downloads import CSV, WORKBOOK
from campaigns.portal.forms import PersonForm, ReportForm
from campaigns.privacy import erasure
from campaigns.queries.campaign import all_campaigns

if TYPE_CHECKING:
    CallViews = viewsets.ReadOnlyModelViewSet[Call]
    ReportViews = GenericAPIView[Message]
else:
    CallViews = viewsets.ReadOnlyModelViewSet
    ReportViews = GenericAPIView


class CallViewSet(CallViews):
    """Calls, live and past."""

    queryset = (
        of_phones()
        .select_related("recipient", "message")
        .prefetch_related("answers", "tags")
        .order_by("-started_at", "id")
    )
    serializer_class = CallSerializer
    filterset_fields = (
        *("state", "campaign", "recipient", "disposition", "outcome", "direction"),
        "tags__tag",
    )

    @extend_schema(responses=EventSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def events(self, request: Request, pk: str) -> Response:
        """Return the log of a call, in order."""
        return Response(EventSerializer(self.get_object().events.all(), many=True).data)

    @extend_schema(responses={(200, "audio/wav"): OpenApiTypes.BINARY}, filters=False)
    @action(detail=True, url_path=r"messages/(?P<answer>\d{1,18})", pagination_class=None)
    def message(self, request: Request, pk: str, answer: str) -> HttpResponseBase:
        """Return what the caller left as a message, by the answer's id. 404 if it is not there any more."""
        call = self.get_object()
        found = message_audio(call.pk, int(answer))
        if found is None:
            raise Http404
        recording, audio = found
        audit.handed_out(recording, f"message of call {call.pk}")
        return HttpResponse(audio, content_type="audio/wav", headers={"Cache-Control": "private, no-store"})


class CampaignReportView(ReportViews):
    """What became of every attempt of a campaign."""

    queryset = Message.objects.all()
    pagination_class = None
    filter_backends = ()

    @extend_schema(
        parameters=[
            OpenApiParameter("since", OpenApiTypes.DATE, description="First day in IST."),
            OpenApiParameter("until", OpenApiTypes.DATE, description="Last day in IST, included."),
            OpenApiParameter("state", str, enum=Message.State.values),
            OpenApiParameter("kind", str, enum=["csv", "xlsx"], description="csv if not said."),
        ],
        responses={(200, CSV): OpenApiTypes.STR, (200, WORKBOOK): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        """Return a file in the columns of the platform's own report."""
        campaign = get_object_or_404(all_campaigns(), pk=pk)
        form = ReportForm({"kind": "csv", **request.query_params.dict()})
        if not form.is_valid():
            raise _wrong(form)
        whole_numbers = sees_numbers(request)
        return attempts.as_file(campaign, **form.cleaned_data, whole_numbers=whole_numbers)


class DialogueSchemaView(APIView):
    """The JSON Schema of dialogues."""

    @extend_schema(responses={(200, "application/schema+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request) -> HttpResponseBase:
        """Return the schema that files of dialogues are written by."""
        return JsonResponse(json_schema(), content_type="application/schema+json")


class PersonViewSet(viewsets.ViewSet):
    """One person's data. The number travels in the body, never in an address."""

    @extend_schema(request=PersonWishSerializer, responses=PersonSerializer)
    @action(detail=False, methods=["post"])
    def find(self, request: Request) -> Response:
        """Return how much there is of each kind, and whether a hold or an erasure stands."""
        phone = _wish(request)["phone"]
        return Response(PersonSerializer(person.find(phone, now=clock.now())).data)

    @extend_schema(request=PersonWishSerializer, responses={(200, person.ZIP): OpenApiTypes.BINARY})
    @action(detail=False, methods=["post"])
    def export(self, request: Request) -> HttpResponseBase:
        """Return everything as a ZIP: `person.json` and the recordings."""
        return person.as_file(_wish(request)["phone"], now=clock.now())

    @extend_schema(request=PersonWishSerializer, responses={202: PersonSerializer})
    @action(detail=False, methods=["post"])
    def erase(self, request: Request) -> Response:
        """Stop calls to this number, and erase when nothing is on its way. Returns 409 under a legal hold."""
        wish = _wish(request)
        erasure.ask(wish["phone"], reason=wish["reason"], by=acting_user(request), now=clock.now())
        found = person.find(wish["phone"], now=clock.now())
        return Response(PersonSerializer(found).data, status=status.HTTP_202_ACCEPTED)


def _wish(request: Request) -> dict[str, Any]:
    form = PersonForm(request.data if isinstance(request.data, Mapping) else {})
    if not form.is_valid():
        raise _wrong(form)
    return form.cleaned_data


def _wrong(form: Form) -> ValidationError:
    """A form's sentences as the API writes them."""
    return ValidationError({name: [str(text) for text in errors] for name, errors in form.errors.items()})
