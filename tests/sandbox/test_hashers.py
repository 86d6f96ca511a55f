"""A login is quick, also where the machine is busy."""

from collections.abc import Callable
from time import process_time

from django.contrib.auth.hashers import ScryptPasswordHasher, check_password, identify_hasher, make_password


def seconds_of(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def test_a_password_is_kept_salted_and_read_again() -> None:
    kept = make_password("open sesame")
    assert kept != make_password("open sesame")
    assert "sesame" not in kept
    assert check_password("open sesame", kept)
    assert not check_password("open barley", kept)


def test_it_costs_a_part_of_what_a_real_one_costs() -> None:
    kept = make_password("open sesame")
    usual = ScryptPasswordHasher()
    real = min(seconds_of(lambda: usual.encode("open sesame", "salt")) for _ in range(3))
    ours = min(seconds_of(lambda: check_password("open sesame", kept)) for _ in range(3))
    assert ours < real / 4


def test_passwords_of_earlier_sandboxes_are_read_too() -> None:
    earlier = ScryptPasswordHasher().encode("open sesame", "salt")
    assert identify_hasher(earlier).algorithm == "scrypt"
    assert check_password("open sesame", earlier)
