"""What the API shows of an appointment whose slot is gone."""

from campaigns.api.serializers.appointments import AppointmentSerializer
from campaigns.models import Appointment
from tests.campaigns.world import NOON


def test_an_appointment_without_its_slot() -> None:
    row = Appointment(phone="+919825112410", state=Appointment.State.NOT_BOOKED, at=NOON)
    shown = AppointmentSerializer(row, context={}).data
    assert (shown["begins"], shown["place"], shown["slot"]) == (None, "", None)
    assert "9825112410" not in shown["phone"]
