"""Builds routers for the tests: real book, real servers, a sensitivity reader that knows one marker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from adapters.models.base import ChatMessage
from router.build import build_router
from router.call import ModelCall, Router
from router.words import Mode
from store.engine import Database

MARKER = "zebra-crossing"
HARD = (
    "Explain how to keep two databases consistent across a network partition, compare quorum reads with "
    "conflict-free replicated data types, and say which trade-offs matter for a booking system with seats."
)
EASY = "what is a noun?"


@dataclass(frozen=True)
class Reading:
    sensitive: bool
    reasons: Sequence[str] = ("a phone number",)


class Marked:
    """Sensitive is what carries the marker."""

    def sensitive(self, text: str, point: str = "recall") -> Reading:
        return Reading(MARKER in text)

    def redact(self, text: str) -> Placeholders:
        return Placeholders(text.replace(MARKER, "[PHONE_NUMBER_1]"))


@dataclass(frozen=True)
class Placeholders:
    text: str

    def restore(self, reply: str) -> str:
        return reply.replace("[PHONE_NUMBER_1]", MARKER)


@dataclass
class Set:
    """The settings that the router reads."""

    home: Path
    mode: Mode = "hybrid"
    anthropic_api_key: SecretStr | None = field(default_factory=lambda: SecretStr("test"))
    anthropic_base_url: str | None = None
    local_llm_url: str | None = None
    local_llm_model: str | None = None
    local_llm_trusted: bool = False
    embedded: bool = True
    cost_limit_per_day: Decimal | None = Decimal("5.00")
    redact_online: bool = False
    timezone: str | None = "UTC"


async def router_for(settings: Set, database: Database, policy: str = "") -> Router:
    """A router on these settings; `policy` is the home's routing.toml."""
    (settings.home / "routing.toml").write_text(
        policy or "[timeouts]\nconnect = 1.0\nfirst_token = 1.0\nwhole = 10.0\n[breaker]\nwindow = 1.0\n",
        encoding="utf-8",
    )
    return await build_router(settings, database, Marked(), redactor=Marked())


def question(text: str = EASY, **more: object) -> ModelCall:
    call = {
        "exchange_id": "x1",
        "person": "ana",
        "channel": "console",
        "purpose": "hypothesis",
        "system": "Be brief.",
        "messages": (ChatMessage("user", text),),
        "lane": "FACTUAL",
        "max_tokens": 6,
    } | more
    return ModelCall(**call)  # type: ignore[arg-type]
