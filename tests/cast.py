"""The people of the portal's tests: a manager who may do everything, a viewer who may look, an outsider."""

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.test import Client

from campaigns.models import User

BACKEND = "django.contrib.auth.backends.ModelBackend"


def manager() -> User:
    """Asha: staff, with every permission on campaigns and calls."""
    return _staff("asha", Permission.objects.filter(content_type__app_label__in=("campaigns", "calls")))


def second_manager() -> User:
    """Meera: the same as Asha, another person."""
    return _staff("meera", Permission.objects.filter(content_type__app_label__in=("campaigns", "calls")))


def viewer() -> User:
    """Vikram: staff, may look at everything and change nothing."""
    may_view = Q(content_type__app_label__in=("campaigns", "calls"), codename__startswith="view_")
    return _staff("vikram", Permission.objects.filter(may_view))


def outsider() -> User:
    """Omar: has an account and is no staff."""
    return User.objects.create(username="omar")


def browser(user: User | None = None) -> Client:
    """A browser in which `user` has logged in, or nobody."""
    client = Client()
    if user:
        client.force_login(user, backend=BACKEND)
    return client


def _staff(name: str, permissions: object) -> User:
    user = User.objects.create(username=name, first_name=name.title(), is_staff=True)
    user.user_permissions.set(permissions)  # type: ignore[arg-type]  # a queryset of permissions
    return user
