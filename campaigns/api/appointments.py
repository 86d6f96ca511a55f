"""The API of calendars, their slots and appointments."""

from typing import TYPE_CHECKING

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from campaigns import clock
from campaigns.api.serializers import appointments as serializers
from campaigns.appointments import bookings, stock
from campaigns.appointments.table import SlotRow
from campaigns.errors import NotAllowed
from campaigns.models import Appointment, Calendar, Slot
from campaigns.permissions import acting_user

if TYPE_CHECKING:
    CalendarViews = viewsets.ModelViewSet[Calendar]
    SlotViews = viewsets.GenericViewSet[Slot]
    AppointmentViews = viewsets.ReadOnlyModelViewSet[Appointment]
else:
    CalendarViews = viewsets.ModelViewSet
    SlotViews = viewsets.GenericViewSet
    AppointmentViews = viewsets.ReadOnlyModelViewSet


class CalendarViewSet(CalendarViews):
    """Calendars of appointment slots. One in which a person took a slot can't be deleted."""

    queryset = Calendar.objects.order_by("name")
    serializer_class = serializers.CalendarSerializer
    filterset_fields = ("name", "account", "is_open")


class SlotViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.ListModelMixin,
    mixins.DestroyModelMixin,
    SlotViews,
):
    """Slots of calendars, in order."""

    queryset = Slot.objects.order_by("begins", "place", "id")
    serializer_class = serializers.SlotSerializer
    filterset_fields = {"calendar": ["exact"], "begins": ["gte", "lte"], "place": ["exact"]}

    def perform_create(self, serializer: BaseSerializer[Slot]) -> None:
        """Enter the slot. One that is there at the same time and place gets this capacity.

        Raises `NotAllowed` (409, with the reason) if more places of it are taken.
        """
        data = serializer.validated_data
        row = SlotRow(data["begins"], data.get("place", ""), data.get("capacity", 1), data.get("ends"))
        entered = stock.enter_rows(data["calendar"], [row], shown="a program")
        for _, reason in entered.refusals:
            raise NotAllowed(reason)
        serializer.instance = data["calendar"].slots.get(begins=row.begins, place=row.place)

    def perform_destroy(self, instance: Slot) -> None:
        """Remove the slot. Raises `NotAllowed` (409) if a person has or had an appointment in it."""
        stock.remove(instance.pk)


class AppointmentViewSet(AppointmentViews):
    """What people took in calls, the newest first."""

    queryset = Appointment.objects.select_related("slot").order_by("-at", "-id")
    serializer_class = serializers.AppointmentSerializer
    filterset_fields = {"calendar": ["exact"], "state": ["exact"], "slot__begins": ["gte", "lte"]}

    @extend_schema(request=None, responses=serializers.AppointmentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel the appointment and return it; 409 with the reason if it is over."""
        by, reason = acting_user(request), "Cancelled by a program."
        row = bookings.cancel(self.get_object().pk, by=by, reason=reason, now=clock.now())
        return Response(self.get_serializer(row).data)
