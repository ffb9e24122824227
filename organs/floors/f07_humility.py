"""F7 Humility: how certain the draft sounds against how certain it may be (calibrated confidence)."""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import re
from collections.abc import Sequence
from typing import Final

from manifest.constitution import FloorRule
from organs.bundles import Claim, FloorResult, Support
from organs.claims import plain

MOST_STATED: Final = 0.97  # nobody states more (DESIGN, F7)
PLAIN_STATEMENT: Final = 0.95  # what a bare statement conveys

_CERTAIN = frozenset({Support.COMPUTED, Support.VERBATIM})

# What words of doubt convey, after published surveys of verbal probability (Reagan, Mosteller & Youtz 1989); rounded.
_HEDGES: Final = tuple(
    (value, re.compile(pattern, re.IGNORECASE))
    for value, pattern in (
        (0.20, r"\b(?:(?:i )?(?:don't|do not|can(?:no|')t) (?:know|verify|confirm|be sure)|no idea|unverified|not (?:certain|sure|verified)|i(?:'m| am) (?:not sure|unsure|guessing)|it is unclear|cannot say|"
               r"ich weiß (?:es )?nicht|(?:bin )?(?:mir )?nicht sicher|ungeprüft|unklar|no (?:lo )?sé|no estoy segur[oa]|sin verificar|je ne sais pas|(?:pas|suis pas) sûre?|non vérifié)\b"),
        (0.45, r"\b(?:might|maybe|perhaps|possibly|could be|may be|may have|may not|conceivably|vielleicht|möglicherweise|könnte|eventuell|quizás?|tal vez|puede (?:ser|que)|posiblemente|peut-être|pourrait|il se peut|possiblement|talvez|forse|mungkin)\b"),
        (0.70, r"\b(?:probably|likely|i (?:think|believe|guess|assume|suppose)|as far as i know|to my knowledge|it seems|seems to|appears to|apparently|roughly|approximately|around|about \d|estimated|usually|typically|generally|often|tends? to|should be|"
               r"wahrscheinlich|vermutlich|ich (?:glaube|denke|nehme an)|soweit ich weiß|scheint|ungefähr|etwa|meistens|in der regel|probablemente|creo que|pienso que|parece|aproximadamente|normalmente|"
               r"probablement|je (?:crois|pense)|il semble|semble|environ|à ma connaissance|généralement|provavelmente|acho que|parece|probabilmente|credo|penso|sembra)\b"),
    )
)  # fmt: skip
_BOOSTERS: Final = re.compile(
    r"\b(?:definitely|certainly|undoubtedly|without (?:a |any )?doubt|absolutely|guaranteed?|(?:100|hundred) ?(?:%|percent) (?:sure|certain|safe|correct)|there is no (?:doubt|question)|no doubt|always works|cannot fail|"
    r"i(?:'m| am) (?:certain|positive|absolutely sure|100)|proven fact|beyond (?:any )?doubt|for (?:sure|certain)|undeniabl[ye]|unquestionabl[ye]|"
    r"definitiv|auf jeden fall|zweifellos|ohne (?:jeden )?zweifel|garantiert|mit sicherheit|hundertprozentig|definitivamente|sin (?:ninguna )?duda|indudablemente|garantizado|con toda seguridad|"
    r"certainement|sans (?:aucun )?doute|assurément|garanti|à coup sûr|incontestablement|com certeza|sem dúvida|certamente|senza dubbio|sicuramente|pasti)\b",
    re.IGNORECASE,
)
_STATED_NUMBER: Final = re.compile(
    r"\b(\d{1,3}) ?(?:%|percent|prozent|por ciento|pour ?cent) (?:sure|certain|confident|sicher|segur[oa]|sûre?|confian)",
    re.IGNORECASE,
)


def stated(draft: str) -> float:
    """How certain a text sounds, in [0, 1]: its own number, else words of doubt or of insistence, else a bare statement."""
    text = plain(draft).replace("’", "'")
    if found := _STATED_NUMBER.search(text):
        return min(1.0, int(found[1]) / 100)
    if _BOOSTERS.search(text):
        return 1.0
    head = text[:600]
    for value, pattern in _HEDGES:
        if pattern.search(head):
            return value
    return PLAIN_STATEMENT


def confidence(claims: Sequence[Claim], *, agreement: float | None) -> float | None:
    """Calibrated confidence in the draft, in [0, 1]; None where there is neither evidence nor agreement to go by.

    A claim's score is already a calibrated probability; a draft is as good as its weakest claims, so the mean and the
    minimum are averaged. Agreement between hypotheses only counts where evidence is silent.
    """
    if not claims:
        return None
    if all(c.support in _CERTAIN for c in claims):
        return 1.0
    if all(c.support is Support.UNGROUNDED and c.evidence is None for c in claims):
        return None if agreement is None else calibrated_agreement(agreement)
    scores = [0.0 if c.support is Support.CONTRADICTED else c.score for c in claims]
    return 0.5 * (sum(scores) / len(scores) + min(scores))


def calibrated_agreement(agreement: float) -> float:
    """Confidence from the share of hypotheses that mean the same, without evidence.

    Laplace's rule over three hypotheses: k of n alike gives (k + 1) / (n + 2), so full agreement of three is 0.80:
    models share their errors, and agreement alone never reaches the 0.90 of F2.
    """
    n = 3.0
    return (agreement * n + 1.0) / (n + 2.0)


def measure(
    draft: str | None, precision: float | None, rule: FloorRule, *, binds: bool, claims: Sequence[Claim]
) -> FloorResult:
    """Stated certainty minus calibrated confidence, at most 0.05. Computed facts and claim-free text are exempt."""

    def result(score: float | None, passed: bool | None, reason: str, *, measured: bool = True) -> FloorResult:
        return FloorResult("F7", score, rule.threshold, rule.direction, passed, reason, measured)

    if draft is None or not claims:
        return result(None, None, "Nothing is claimed.")
    if all(c.support is Support.COMPUTED for c in claims):
        return result(None, None, "Computed facts are exempt.")
    if not binds:
        return result(None, None, "Does not bind in this lane.")
    said = stated(draft)
    if precision is None:
        if said <= 0.25:
            return result(0.0, True, "The draft itself says that it is not sure.")
        return result(
            None, None, "How sure this may be could not be measured: there is no evidence at hand.", measured=False
        )
    score = max(0.0, said - precision)
    if said > MOST_STATED:
        score = max(score, said - MOST_STATED + rule.threshold)
        return result(score, False, f"The draft sounds surer ({said:.2f}) than anything may be stated ({MOST_STATED}).")
    if rule.holds(score):
        return result(score, True, f"Stated about as surely ({said:.2f}) as it is borne out ({precision:.2f}).")
    return result(score, False, f"Stated more surely ({said:.2f}) than it is borne out ({precision:.2f}).")
