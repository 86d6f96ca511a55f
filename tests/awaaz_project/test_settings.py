"""Settings that hold a door shut: folders, sockets of a page, passwords."""

import os
import re
from pathlib import Path

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from pytest_django import Settings

from awaaz_project.settings import private_folder, secret_key_from_file
from campaigns.models import User


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_what_is_stored_is_not_for_other_users_of_the_machine(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    name = default_storage.save("recordings/2026/a.wav", ContentFile(b"RIFF"))
    stored = Path(default_storage.path(name))
    assert mode_of(stored) == 0o640
    assert mode_of(stored.parent) == 0o750


def test_folders_of_an_earlier_version_are_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    folder.chmod(0o755)
    assert mode_of(private_folder(folder)) == 0o750
    assert mode_of(private_folder(tmp_path / "new")) == 0o750


def test_files_that_processes_make_are_not_for_others() -> None:
    before = os.umask(0o077)
    os.umask(before)
    assert before & 0o027 == 0o027


@pytest.mark.django_db
def test_a_page_connects_to_sockets_of_its_own_host_alone() -> None:
    policy = Client().get("/login/").headers["Content-Security-Policy"]
    (allowed,) = re.findall(r"connect-src ([^;]+)", policy)
    assert allowed.split() == ["'self'", "ws://testserver", "wss://testserver"]


@pytest.mark.parametrize("password", ["8265014937256", "vikram.desai1", "password123"])
def test_a_password_of_digits_or_like_the_name_is_not_taken(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, User(username="vikram.desai", first_name="Vikram", last_name="Desai"))


def test_an_empty_key_file_is_not_taken_for_a_key(tmp_path: Path) -> None:
    file = tmp_path / "secret-key"
    made = secret_key_from_file(file)
    assert len(made) > 40
    assert secret_key_from_file(file) == made
    file.write_text("\n")
    with pytest.raises(ImproperlyConfigured, match="Put back the key"):
        secret_key_from_file(file)
