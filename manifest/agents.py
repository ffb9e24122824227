"""The declared agents C1, C2 and C3: name and working prompt."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from manifest.errors import ConfigError

_ADDRESSED = re.compile(r"^\s*(c[1-9])\s*:\s*(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Agent:
    key: str
    name: str
    prompt: str


@dataclass(frozen=True, slots=True)
class Agents:
    """All declared agents by their key."""

    by_key: Mapping[str, Agent]

    @classmethod
    def load(cls) -> Agents:
        """Read `manifest/agents.toml`. Raises ConfigError when an agent lacks its name or prompt."""
        raw = tomllib.loads(files("manifest").joinpath("agents.toml").read_text(encoding="utf-8"))
        agents: dict[str, Agent] = {}
        for key, table in raw.items():
            if not {"name", "prompt"} <= set(table):
                raise ConfigError(f"manifest/agents.toml: [{key}]", "name or prompt is missing", "both")
            agents[key] = Agent(key, str(table["name"]), str(table["prompt"]))
        return cls(agents)

    def prompt(self, key: str | None) -> str:
        """The agent's working prompt; nothing for none."""
        return self.by_key[key].prompt if key is not None and key in self.by_key else ""

    def addressed(self, text: str, given: str | None) -> tuple[str | None, str]:
        """The agent that a message names and the message without that name: "c1: …", else what was given."""
        match = _ADDRESSED.match(text)
        if match and match[1].lower() in self.by_key:
            return match[1].lower(), text[match.end() :]
        return given, text
