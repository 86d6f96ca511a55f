"""Find out who is calling by what they keyed in."""

from calls.agents.requests import Failed, NotRecognised, Recognise, Recognised, Reply
from calls.identification import Asker, spoken_values
from calls.media.database_threads import bookings
from campaigns import clock
from campaigns.models import PhoneNumber, Recipient
from campaigns.planning import recognition
from campaigns.planning.recognition import TooManyTries


async def recognise(request: Recognise, asker: Asker) -> Reply:
    """Return `Recognised` with the values of the person's row, or `NotRecognised`.

    `Failed` if the number does not recognise callers, or the caller has tried too often.
    """

    def work() -> Reply:
        number = PhoneNumber.objects.filter(pk=asker.number_id or 0).first()
        if number is None or not number.recognise_days:
            return Failed("This number does not recognise callers by what they key in.")
        known = Recipient.objects.filter(pk=asker.identity.recipient_id or 0)
        phone = known.values_list("phone", flat=True).first() or asker.identity.caller
        sought = {"column": request.column, "keyed": request.keyed}
        try:
            person = recognition.recognise(number, call=asker.call_id, phone=phone, now=clock.now(), **sought)
        except TooManyTries as error:
            return Failed(str(error))
        if person is None:
            return NotRecognised()
        return Recognised(spoken_values(person.name, person.variables))

    return await bookings.run(work)
