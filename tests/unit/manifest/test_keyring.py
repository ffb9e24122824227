"""The system keyring as a third source of secrets: asked only for what was put there, and never in the way."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import keyring as ring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from manifest import keyring
from manifest.errors import ConfigError
from manifest.settings import load_settings

NAME = "ANTHROPIC_API_KEY"


class Ring(KeyringBackend):
    """A keyring in memory; `locked` makes it refuse."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.locked = False
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        if self.locked:
            raise KeyringLocked("locked")
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked("locked")
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.held:
            raise PasswordDeleteError("not there")
        del self.held[service, username]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ring]:
    for name in (NAME, f"{NAME}_FILE", "TRINITY_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    before = ring.get_keyring()
    mine = Ring()
    ring.set_keyring(mine)
    yield mine
    ring.set_keyring(before)


def test_what_is_set_is_used_and_what_is_unset_is_gone(backend: Ring, tmp_path: Path) -> None:
    home, value = tmp_path / "home", secrets.token_hex(8)
    keyring.store(home, NAME, value)
    assert (home / keyring.LIST).stat().st_mode & 0o777 == 0o600
    assert value not in (home / keyring.LIST).read_text()
    key = load_settings(home).anthropic_api_key
    assert key is not None
    assert key.get_secret_value() == value
    assert keyring.remove(home, NAME)
    assert load_settings(home).anthropic_api_key is None
    assert not keyring.remove(home, NAME)


def test_the_environment_is_stronger_and_then_the_keyring_is_not_asked(
    backend: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    keyring.store(home, NAME, "from the ring")
    monkeypatch.setenv(NAME, "from the environment")
    key = load_settings(home).anthropic_api_key
    assert key is not None
    assert key.get_secret_value() == "from the environment"
    assert backend.asked == 0


def test_a_home_that_keeps_nothing_there_never_asks(backend: Ring, tmp_path: Path) -> None:
    backend.locked = True
    assert load_settings(tmp_path / "home").anthropic_api_key is None
    assert backend.asked == 0


def test_a_locked_keyring_is_an_error_that_says_what_to_do_and_not_a_missing_key(backend: Ring, tmp_path: Path) -> None:
    home = tmp_path / "home"
    keyring.store(home, NAME, "value")
    backend.locked = True
    with pytest.raises(ConfigError, match=f"{NAME}_FILE"):
        load_settings(home)
    with pytest.raises(ConfigError, match="nothing was kept"):
        keyring.store(home, NAME, "other")
    backend.locked = False
    backend.held.clear()
    with pytest.raises(ConfigError, match="keys set"):
        load_settings(home)
