"""The written replies: what Trinity says without a model, in several languages, from `manifest/replies.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

from manifest.errors import ConfigError

_PLACE = re.compile(r"\{(\w+)\}")
_PROFESSIONALS = {"a doctor": "doctor", "a lawyer": "lawyer", "a financial adviser": "financial"}


def _flat(raw: Mapping[str, object], place: str, prefix: str = "") -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for key, table in raw.items():
        if not prefix and key == "helplines":
            continue
        if not isinstance(table, dict):
            raise ConfigError(f"{place}: {prefix}{key}", "not a table", "one table per reply, one line per language")
        if all(isinstance(v, str) for v in table.values()):
            out[prefix + key] = dict(table)
        else:
            out |= _flat(table, place, f"{prefix}{key}.")
    return out


@dataclass(frozen=True, slots=True)
class Replies:
    """All written replies by key and language, and the help lines by country."""

    texts: Mapping[str, Mapping[str, str]]
    lines: Mapping[str, tuple[str, ...]]
    countries: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, path: Path | None = None) -> Replies:
        """The shipped replies, with those of a home's own `replies.toml` in their place.

        Raises ConfigError where a file cannot be read, a reply has no English text, names a reply that does not
        exist, or asks for a value that the shipped text does not have.
        """
        place = "manifest/replies.toml"
        raw = tomllib.loads(files("manifest").joinpath("replies.toml").read_text(encoding="utf-8"))
        texts = _flat(raw, place)
        for key, table in texts.items():
            if "en" not in table:
                raise ConfigError(f"{place}: [{key}]", "the English text is missing", "a line en = …")
        helplines = dict(raw["helplines"])
        countries = {k: tuple(v) for k, v in helplines.pop("by_language").items()}
        lines = {k: tuple(v) for k, v in helplines.items()}
        if path is not None and path.exists():
            try:
                own = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                raise ConfigError(str(path), f"not readable as TOML: {error}", "tables as in replies.toml") from error
            for key, table in _flat(own, str(path)).items():
                if key not in texts:
                    raise ConfigError(f"{path}: [{key}]", "no such reply", ", ".join(sorted(texts)))
                allowed = set(_PLACE.findall(texts[key]["en"]))
                for language, text in table.items():
                    if extra := set(_PLACE.findall(text)) - allowed:
                        raise ConfigError(
                            f"{path}: [{key}].{language}", f"unknown {{{extra.pop()}}}", str(sorted(allowed))
                        )
                texts[key] = {**texts[key], **table}
            for country, numbers in own.get("helplines", {}).items():
                if country == "by_language":
                    countries |= {k: tuple(map(str, v)) for k, v in numbers.items()}
                elif isinstance(numbers, list) and all(isinstance(n, str) for n in numbers):
                    lines[country] = tuple(numbers)
                else:
                    raise ConfigError(f"{path}: helplines.{country}", "not a list of texts", '["number (name)", …]')
        return cls(texts, lines, countries)

    def get(self, key: str, language: str = "en", **values: str) -> str:
        """The reply in that language, else in English. Raises KeyError for an unknown key or a missing value."""
        table = self.texts[key]
        text = table.get(language.split("-")[0].lower(), table["en"])
        return _PLACE.sub(lambda m: values[m[1]], text)

    def professional(self, who: str, language: str = "en") -> str:
        """ "a doctor" and its kin in the person's language; an unknown one as it is."""
        key = _PROFESSIONALS.get(who)
        return self.get(f"professional.{key}", language) if key else who

    def crisis(
        self,
        language: str,
        locale: str | None = None,
        *,
        told: bool = False,
        kind: Literal["self", "violence", "medical"] = "self",
    ) -> str:
        """The humane reply with help lines. `told` only where somebody really was alerted.

        `locale` is a BCP 47 tag ("de-AT") whose region picks the country's lines; without one, the language does.
        """
        region = next((p.upper() for p in re.split(r"[-_]", locale or "")[1:] if len(p) == 2 and p.isalpha()), None)
        region = "GB" if region == "UK" else region
        known = [region] if region in self.lines else list(self.countries.get(language, self.countries["en"]))
        several = len(known) > 1
        shown = [
            f"- {country}: {line}" if several else f"- {line}" for country in known for line in self.lines[str(country)]
        ]
        parts = (
            self.get(f"crisis.{kind}", language),
            self.get("crisis.lines", language) + "\n" + "\n".join(shown),
            self.get("crisis.elsewhere", language),
            self.get("crisis.told" if told else "crisis.not_told", language),
        )
        return "\n\n".join(parts)
