"""How passwords of tenants are kept."""

from django.contrib.auth.hashers import ScryptPasswordHasher


class LightScryptPasswordHasher(ScryptPasswordHasher):
    """Scrypt with a sixteenth of the usual work.

    The passwords of a sandbox are made up. With the usual work a login alone takes longer on a busy machine
    than a client with a short timeout waits, again and again, so that it never gets in.
    """

    work_factor = 2**10
