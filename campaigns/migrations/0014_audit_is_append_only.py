"""What the audit log says was done stays as it was written, whichever program asks.

`actor_id` is left out: it is emptied when a user is deleted, and the name stands in `additional_data`.
"""

from django.db import migrations

COLUMNS = "timestamp, action, content_type_id, object_pk, object_repr, changes, remote_addr, additional_data"
REFUSE = {
    "sqlite": (
        f"CREATE TRIGGER audit_is_append_only BEFORE UPDATE OF {COLUMNS} ON auditlog_logentry "
        "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
        "DROP TRIGGER audit_is_append_only",
    ),
    "postgresql": (
        "CREATE FUNCTION refuse_audit_update() RETURNS trigger AS $$ "
        "BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$ LANGUAGE plpgsql; "
        f"CREATE TRIGGER audit_is_append_only BEFORE UPDATE OF {COLUMNS} ON auditlog_logentry "
        "FOR EACH ROW EXECUTE FUNCTION refuse_audit_update()",
        "DROP TRIGGER audit_is_append_only ON auditlog_logentry; DROP FUNCTION refuse_audit_update()",
    ),
}


def add(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][0])


def drop(apps, editor):
    editor.execute(REFUSE[editor.connection.vendor][1])


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0013_retention_and_erasure"),
        ("auditlog", "0017_add_actor_email"),
    ]
    operations = [migrations.RunPython(add, drop)]
