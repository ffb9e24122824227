"""Settings: where they come from, which wins, and errors that name the place without showing the value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from manifest.errors import ConfigError
from manifest.settings import load_settings


@pytest.fixture(autouse=True)
def _a_clean_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRINITY_MODE", "ANTHROPIC_API_KEY", "LOCAL_LLM_URL", "COST_LIMIT_PER_DAY", "TRINITY_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRINITY_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


def test_a_machine_with_nothing_has_safe_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.home == tmp_path
    assert settings.mode == "hybrid"
    assert settings.host == "127.0.0.1"
    assert settings.cost_limit_per_day == Decimal("5.00")


def test_the_environment_wins_over_dotenv_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trinity.toml").write_text('mode = "online"\nport = 4000\nrate_per_minute = 7\n')
    (tmp_path / ".env").write_text("TRINITY_MODE=offline\nTRINITY_PORT=4001\n")
    monkeypatch.setenv("TRINITY_PORT", "4002")
    settings = load_settings(tmp_path)
    assert (settings.mode, settings.port, settings.rate_per_minute) == ("offline", 4002, 7)


def test_plain_names_of_the_environment_are_not_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODE", "offline")
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("HOME", "/nowhere")
    settings = load_settings(tmp_path)
    assert (settings.mode, settings.port, settings.home) == ("hybrid", 3100, tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("TRINITY_MODE", "sometimes", "hybrid"),
        ("LOCAL_LLM_URL", "localhost:11434", "http"),
        ("COST_LIMIT_PER_DAY", "five", "5.00"),
        ("COST_LIMIT_PER_DAY", "-1", "at least 0"),
        ("TRINITY_PORT", "70000", "at most 65535"),
        ("TRINITY_TIMEZONE", "Mars/Olympus", "Europe/Berlin"),
        ("DATABASE_URL", "mysql://x", "postgresql"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as error:
        load_settings(tmp_path)
    assert error.value.place == name
    assert allowed in error.value.allowed


def test_a_wrong_line_in_the_file_is_named_with_its_file(tmp_path: Path) -> None:
    path = tmp_path / "trinity.toml"
    path.write_text("prot = 3100\n")
    with pytest.raises(ConfigError, match=r"trinity.toml: prot"):
        load_settings(tmp_path)
    path.write_text('anthropic_api_key = "x"\n')
    with pytest.raises(ConfigError, match="does not belong"):
        load_settings(tmp_path)


def test_a_secret_can_come_from_a_file_and_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "-".join(("not", "a", "real", "key"))
    (tmp_path / "key").write_text(secret + "\n")
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", str(tmp_path / "key"))
    settings = load_settings(tmp_path)
    assert settings.anthropic_api_key is not None
    assert settings.anthropic_api_key.get_secret_value() == secret
    assert secret not in repr(settings)
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match="ANTHROPIC_API_KEY_FILE"):
        load_settings(tmp_path)
