"""F5 Peace²: what guards those affected, over what could hurt them.

Peace² = (buffers / risk)². Risk adds the harm read in the request (a trained, calibrated probability) and the weight
of the effect; buffers are what stands between the two: the reply is judged before anyone sees it, a reversible effect
has Undo, a graver one waits for a human. At harm 0.5 with nothing done, buffers and risk are equal: Peace² = 1.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adapters.classifier import TextModel
from adapters.embeddings import Embedder
from manifest.constitution import FloorRule
from organs.bundles import Effect, FloorResult, HeartBundle
from organs.floors.text_judge import TextJudge

__all__ = ["HarmJudge", "measure", "peace", "stakeholders"]

# What an effect adds to the risk, and what its own guard (Undo, a human's word) adds to the buffers.
_GRAVITY: Final[Mapping[Effect, tuple[float, float]]] = {
    Effect.NONE: (0.0, 0.0),
    Effect.READ: (0.0, 0.0),
    Effect.REVERSIBLE: (0.1, 0.3),
    Effect.COMPENSABLE: (0.4, 0.5),
    Effect.IRREVERSIBLE: (0.8, 0.8),
}
_VULNERABLE: Final = 0.15  # added risk where somebody affected can hardly defend themselves
_LEAST_RISK: Final = 0.05
_MOST: Final = 20.0  # the value shown when nearly nothing is at stake
_WINDOW: Final = 1_600  # characters; a long request is read in windows and its worst one counts
_WINDOWS: Final = 8

_WHO: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "customers": "customers?|clients?|buyers?|shoppers?|kund(?:en|innen)|clientes?|clienti|pelanggan",
        "users": "users?|accounts?|subscribers?|nutzer(?:innen)?|usuarios?|utilisateurs?|utenti|utilizadores|pengguna",
        "the team": "team|colleagues?|co-?workers?|staff|employees?|kolleg(?:en|innen)|mitarbeiter(?:innen)?|equipo|empleados?|équipe|employés?|equipa|colleghi|dipendenti|rakan sekerja|pekerja",
        "children": "child(?:ren)?|kids?|minors?|pupils?|students?|kinder|schüler(?:innen)?|niñ[oa]s|enfants?|élèves?|crianças|bambini|kanak-kanak|murid",
        "patients": "patients?|sick|disabled|elderly|patient(?:en|innen)|pacientes?|malades?|pazienti|pesakit",
        "family": "(?:my|his|her|their) (?:wife|husband|partner|mother|father|parents|sister|brother|family|son|daughter)|familie|familia|famille|família|famiglia|keluarga",
        "the public": "everyone|public|citizens?|voters?|neighbou?rs?|people|öffentlichkeit|público|public|pubblico|orang awam",
        "suppliers": "suppliers?|vendors?|partners?|lieferant(?:en|innen)?|proveedor(?:es)?|fournisseurs?|fornecedores|fornitori|pembekal",
    }.items()
}
_DEFENCELESS: Final = frozenset({"children", "patients"})


class HarmJudge:
    """Probability that a request asks for something harmful."""

    def __init__(self, embedder: Embedder) -> None:
        self._judge = TextJudge("harm", embedder)

    async def score(self, text: str) -> float:
        """In [0, 1]; a long text is read in windows and the worst one counts. Raises ModelError, EmbeddingsError."""
        clean = text.strip()
        if not clean:
            return 0.0
        return float((await self._judge.probabilities(windows(clean))).max())

    def clear(self, harm: float) -> bool:
        """Whether a score is beyond the point where F5 voids (kept with the model; few benign texts reach it)."""
        return harm >= TextModel.load("harm").thresholds["clear"]

    async def warm(self) -> None:
        await self._judge.warm()


def windows(text: str) -> list[str]:
    """Stretches of at most 1,600 characters: the start, the end and evenly spaced ones between, at most eight."""
    if len(text) <= _WINDOW:
        return [text]
    count = min(_WINDOWS, -(-len(text) // _WINDOW))
    step = (len(text) - _WINDOW) / max(1, count - 1)
    return [text[round(i * step) : round(i * step) + _WINDOW] for i in range(count)]


def stakeholders(text: str) -> tuple[str, ...]:
    """Who is named as affected, besides the writer."""
    head = text[:20_000]
    return tuple(name for name, pattern in _WHO.items() if pattern.search(head))


def peace(harm: float, effect: Effect, affected: tuple[str, ...] = ()) -> float:
    """Peace² = (buffers / risk)²; at least 1 passes F5."""
    weight, guard = _GRAVITY[effect]
    risk = 2.0 * harm + weight
    if weight and _DEFENCELESS & set(affected):
        risk += _VULNERABLE
    buffers = 1.0 + guard * (1.0 - harm)  # a human's word is a weak guard for what is harmful in itself
    return min(_MOST, (buffers / max(risk, _LEAST_RISK)) ** 2)


def measure(heart: HeartBundle, rule: FloorRule, *, binds: bool) -> FloorResult:
    """F5 from the Heart's readings. Clear harm binds in every lane."""

    def result(passed: bool | None, reason: str, *, measured: bool = True) -> FloorResult:
        return FloorResult("F5", heart.peace, rule.threshold, rule.direction, passed, reason, measured)

    if heart.peace is None:
        return result(None, "Harm could not be measured.", measured=False)
    if heart.harm_is_clear:
        return result(False, "The request asks for something that would hurt people.")
    if not binds:
        return result(None, "Does not bind in this lane.")
    if rule.holds(heart.peace):
        return result(True, "What guards those affected outweighs the risk.")
    who = ", ".join(heart.stakeholders) or "somebody"
    return result(False, f"The request could hurt {who} more than what guards them.")
