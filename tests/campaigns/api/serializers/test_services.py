"""What programs may read of services and of what they are told."""

from campaigns.api.serializers.services import NotificationSerializer, ServiceSerializer


def test_neither_a_secret_nor_what_was_said_is_shown() -> None:
    assert {"secret", "key_id"}.isdisjoint(ServiceSerializer().fields)
    assert {"values", "recipient"}.isdisjoint(NotificationSerializer().fields)
    assert "key" in NotificationSerializer().fields
