"""Finds out what stands at LOCAL_LLM_URL by asking it: Ollama, or a server of OpenAI's chat format.

LM Studio answers paths that it does not know with HTTP 200 and an error in JSON, so only the content counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.models.base import ModelRefused, ModelUnavailable
from adapters.models.reach import cloud_tag

Kind = Literal["ollama", "openai"]
_ASK_S = 3.0
_NOT_FOR_CHAT = ("embed", "rerank", "bge-", "minilm", "whisper", "clip")


@dataclass(frozen=True, slots=True)
class Listed:
    """One model that the server offers."""

    name: str
    remote: bool  # the server would forward it to somebody else's machine


@dataclass(frozen=True, slots=True)
class Found:
    """What answered at the address."""

    kind: Kind
    models: tuple[Listed, ...]

    def choose(self, wanted: str | None) -> Listed | None:
        """The model asked for (`:latest` may be left out), else the first one that can chat and stays here."""
        if wanted is not None:
            named = (m for m in self.models if wanted in (m.name, m.name.removesuffix(":latest")))
            return next(named, None)
        able = [m for m in self.models if not any(word in m.name.lower() for word in _NOT_FOR_CHAT)]
        return next((m for m in able if not m.remote), able[0] if able else None)


async def detect(url: str, api_key: str | None = None) -> Found:
    """Ask the server what it is and which models it has.

    Raises ModelUnavailable when nothing answers, ModelRefused when what answers speaks neither format.
    """
    import httpx

    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        # No proxy and no redirect: this must reach the machine that is named, or none.
        async with httpx.AsyncClient(timeout=_ASK_S, trust_env=False, headers=headers) as client:
            root = url.removesuffix("/v1")
            tags = await _json(client, f"{root}/api/tags")
            if isinstance(tags.get("models"), list):
                return Found("ollama", tuple(_of_ollama(tags["models"])))
            listed = await _json(client, f"{root}/v1/models")
            if isinstance(listed.get("data"), list):
                return Found("openai", tuple(_of_openai(listed["data"])))
    except (httpx.HTTPError, OSError) as error:
        raise ModelUnavailable(f"Nothing answers at {shown(url)} ({type(error).__name__}).") from error
    raise ModelRefused(f"What answers at {shown(url)} is neither Ollama nor LM Studio.", 404)


def shown(url: str) -> str:
    """Host and port of an address; what else stands in it may be a secret."""
    parts = urlsplit(url)
    return parts.hostname + (f":{parts.port}" if parts.port else "") if parts.hostname else "the local address"


async def _json(client: Any, url: str) -> dict[str, Any]:
    answer = await client.get(url)
    if answer.status_code in (401, 403):
        raise ModelRefused("The local model server did not accept its key.", answer.status_code)
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if answer.status_code == 200 and isinstance(found, dict) else {}


def _of_ollama(models: list[Any]) -> list[Listed]:
    found = []
    for entry in models:
        name = (entry.get("model") or entry.get("name")) if isinstance(entry, dict) else None
        if isinstance(name, str) and name:
            forwarded = bool(entry.get("remote_host") or entry.get("remote_model"))
            found.append(Listed(name, forwarded or cloud_tag(name)))
    return found


def _of_openai(models: list[Any]) -> list[Listed]:
    names = [entry["id"] for entry in models if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
    return [Listed(name, cloud_tag(name)) for name in names]
