"""The operator's settings: the mission's names from the environment and `.env`, the rest from `trinity.toml`.

Precedence, strongest first: environment, `.env` in the working folder, `trinity.toml` in the home, the
defaults here. Every secret can also be given as a file by `NAME_FILE` (container secrets), or kept in the system's
keyring by `trinity keys set`.
"""

from __future__ import annotations

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from manifest import keyring
from manifest.errors import ConfigError

SECRETS = (
    "ANTHROPIC_API_KEY",
    "BRAVE_API_KEY",
    "DATABASE_URL",
    "DISCORD_BOT_TOKEN",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
)
_EXAMPLES = {
    "database_url": "postgresql://user@host/name or sqlite:///path",
    "timezone": "a name such as Europe/Berlin",
}
_URL_FIELDS = (
    "anthropic_base_url",
    "local_llm_url",
    "slack_api_url",
    "discord_api_url",
    "twilio_api_url",
    "brave_api_url",
    "public_url",
)


def default_home() -> Path:
    """`TRINITY_HOME`, else the platform's folder for a program's data (`~/.local/share/trinity` on Linux)."""
    given = os.environ.get("TRINITY_HOME")
    return Path(given).expanduser().resolve() if given else Path(user_data_path("trinity", appauthor=False))


class Settings(BaseSettings):
    """Everything an operator can set, with its name in the environment as the alias.

    Raises (through `load_settings`) ConfigError naming the place and what is allowed.
    """

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    home: Path = Field(default_factory=default_home, alias="TRINITY_HOME")
    mode: Literal["online", "offline", "hybrid"] = Field("hybrid", alias="TRINITY_MODE")

    anthropic_api_key: SecretStr | None = Field(None, alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(None, alias="ANTHROPIC_BASE_URL")
    local_llm_url: str | None = Field(None, alias="LOCAL_LLM_URL")
    local_llm_model: str | None = Field(None, alias="LOCAL_LLM_MODEL")
    local_llm_trusted: bool = Field(False, alias="LOCAL_LLM_TRUSTED")
    embedded: bool = Field(True, alias="TRINITY_EMBEDDED")
    embeddings: Literal["minilm", "sbert"] = Field("minilm", alias="TRINITY_EMBEDDINGS")

    cost_limit_per_day: Decimal | None = Field(Decimal("5.00"), ge=0, alias="COST_LIMIT_PER_DAY")
    redact_online: bool = Field(False, alias="TRINITY_REDACT_ONLINE")

    brave_api_key: SecretStr | None = Field(None, alias="BRAVE_API_KEY")
    brave_api_url: str | None = Field(None, alias="BRAVE_API_URL")
    slack_bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = Field(None, alias="SLACK_SIGNING_SECRET")
    slack_http_port: int = Field(3101, ge=0, le=65535, alias="SLACK_HTTP_PORT")
    slack_api_url: str | None = Field(None, alias="SLACK_API_URL")
    discord_bot_token: SecretStr | None = Field(None, alias="DISCORD_BOT_TOKEN")
    discord_guilds: str | None = Field(None, alias="DISCORD_GUILDS", pattern=r"^\d{15,21}(\s*,\s*\d{15,21})*$")
    discord_api_url: str | None = Field(None, alias="DISCORD_API_URL")
    twilio_api_url: str | None = Field(None, alias="TWILIO_API_URL")

    database_url: str | None = Field(None, alias="DATABASE_URL")
    host: str = Field("127.0.0.1", alias="TRINITY_HOST")
    port: int = Field(3100, ge=0, le=65535, alias="TRINITY_PORT")
    public_url: str | None = Field(None, alias="TRINITY_PUBLIC_URL")

    timezone: str | None = Field(None, alias="TRINITY_TIMEZONE")
    locale: str | None = Field(None, alias="TRINITY_LOCALE")
    origin: str | None = Field(None, alias="TRINITY_ORIGIN")
    rate_per_minute: int = Field(30, ge=1, alias="TRINITY_RATE_PER_MINUTE")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", alias="TRINITY_LOG_LEVEL")

    @field_validator(*_URL_FIELDS)
    @classmethod
    def _a_url(cls, value: str | None) -> str | None:
        if value is None or not value.strip():
            return None
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an address")
        return value.strip().rstrip("/")

    @field_validator(
        "anthropic_api_key",
        "brave_api_key",
        "discord_bot_token",
        "slack_bot_token",
        "slack_app_token",
        "slack_signing_secret",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("database_url")
    @classmethod
    def _a_database(cls, value: str | None) -> str | None:
        if not value:
            return None
        if urlsplit(value).scheme not in ("postgresql", "postgres", "sqlite"):
            raise ValueError("not a database address")
        return value

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no such time zone") from error
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The home's file arrives as init values, so it must be the weakest source."""
        return env_settings, dotenv_settings, init_settings


def _secret_files() -> dict[str, Any]:
    """Values named by `NAME_FILE` variables; a file that cannot be read is an error, never an empty secret."""
    found: dict[str, Any] = {}
    for name in SECRETS:
        path = os.environ.get(f"{name}_FILE")
        if not path or os.environ.get(name):
            continue
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{name}_FILE", f"{path} cannot be read", "a readable text file") from error
    return found


def _from_toml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"not readable as TOML: {error}", "key = value lines") from error
    known = {name: field.alias or name for name, field in Settings.model_fields.items()}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known or key == "home":
            raise ConfigError(f"{path}: {key}", "no such setting", ", ".join(sorted(set(known) - {"home"})))
        if Settings.model_fields[key].annotation == SecretStr | None:
            raise ConfigError(
                f"{path}: {key}",
                "a secret does not belong in this file",
                f"the environment ({known[key]}) or {known[key]}_FILE",
            )
        values[known[key]] = str(value) if isinstance(value, float) else value
    return values


def load_settings(home: Path | None = None) -> Settings:
    """Read all sources; raises ConfigError with the place and what is allowed there."""
    where = (home or default_home()).expanduser().resolve()
    config = where / "trinity.toml"
    files = _secret_files()
    missing = tuple(name for name in SECRETS if name not in files and not os.environ.get(name))
    values = _from_toml(config) | keyring.read(where, missing) | files
    if home is not None:
        os.environ["TRINITY_HOME"] = str(where)
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        place = name if name in os.environ else f"{config}: {_key(name)}" if name in values else f".env: {name}"
        raise ConfigError(place, _plain(first), _allowed(name, first)) from None


def _key(alias: str) -> str:
    return next((n for n, f in Settings.model_fields.items() if f.alias == alias), alias)


def _plain(error: Any) -> str:
    # The value itself may be a secret or an address: only the kind of fault is shown.
    text = str(error["msg"]).removeprefix("Value error, ")
    return text[0].lower() + text[1:]


def _allowed(name: str, error: Any) -> str:
    context = error.get("ctx", {})
    if "expected" in context:
        return str(context["expected"])
    for bound, words in (("ge", "at least"), ("le", "at most")):
        if bound in context:
            return f"{words} {context[bound]}"
    if _key(name) in _URL_FIELDS:
        return "http(s)://host[:port][/path], such as http://localhost:11434"
    if _key(name) in _EXAMPLES:
        return _EXAMPLES[_key(name)]
    field = Settings.model_fields.get(_key(name))
    shown = str(field.annotation) if field else "see trinity.toml"
    return {"<class 'int'>": "a whole number", "<class 'bool'>": "true or false"}.get(
        shown, "an amount of dollars such as 5.00" if "Decimal" in shown else "as the message says"
    )
