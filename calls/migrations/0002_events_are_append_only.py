"""The event log is append-only in the database itself, whichever program writes to it."""

from django.db import migrations

REFUSE = {
    "sqlite": (
        "CREATE TRIGGER call_event_is_append_only BEFORE UPDATE ON calls_callevent "
        "BEGIN SELECT RAISE(ABORT, 'call events are append-only'); END",
        "DROP TRIGGER call_event_is_append_only",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_call_event_update() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'call events are append-only'; END $$ LANGUAGE plpgsql; "
        "CREATE TRIGGER call_event_is_append_only BEFORE UPDATE ON calls_callevent "
        "FOR EACH ROW EXECUTE FUNCTION refuse_call_event_update()",
        "DROP TRIGGER call_event_is_append_only ON calls_callevent; DROP FUNCTION refuse_call_event_update()",
    ),
}


def add(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][0])


def drop(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][1])


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial")]
    operations = [migrations.RunPython(add, drop)]
