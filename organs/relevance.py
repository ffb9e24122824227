"""Whether a draft addresses the stand-alone request: signs read from both, weighed by a fit on labelled pairs (X of F8).

Fitted by `bench/train/meaning.py` on `bench/data/relevance.jsonl`; never a raw cosine.
"""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.cues import clean, words
from adapters.embeddings import Embedder
from adapters.patterns import lazy
from organs.claims import plain, sentences
from organs.language import detect

MAX_LINES: Final = 6  # sentences of a draft that are read: what addresses a request does so early

NAMES: Final = (
    "whole", "best", "first", "shared", "echo", "number_wanted", "number_given", "name_wanted", "name_given", "steps_wanted", "steps_given", "yes_no_wanted", "yes_no_given", "reason_wanted",
    "reason_given", "refuses", "asks_back", "length", "new_words", "other_language", "filler", "code_wanted", "code_given", "subject_only", "definition_wanted", "definition_given",
)  # fmt: skip

_NUMBER: Final = lazy(
    r"\b(?:how (?:many|much|old|long|far|tall|high|big|deep|fast|often|late)|what (?:year|time|date|number|percentage|is the (?:price|cost|population|speed|age|distance|height|boiling|temperature))|when|wie ?viele?|wie (?:hoch|alt|lange|weit|groß|schnell|spät)|wann|cuánt[oa]s?|cuándo|a qué hora|combien|quand|à quelle heure|quanto|quando|berapa|bila)\b|\d\s*[-+*/x×÷%]\s*\d|\d+ ?% of"
)
_NAME: Final = lazy(
    r"\b(?:who|whose|whom|where|which (?:city|country|person|company|team)|capital|author|inventor|wer|wo|welche[rs]? (?:stadt|land)|hauptstadt|quién|dónde|cuál es la capital|qui|où|capitale|quem|onde|chi|dove|siapa|di mana)\b"
)
_STEPS: Final = lazy(
    r"\b(?:how (?:do|can|to|would|should) (?:i|we|you|one)?|instructions|steps|recipe|guide|wie (?:kann|mache?|lösche?|geht|soll)|anleitung|cómo|instrucciones|pasos|comment (?:faire|puis|supprimer|\w+er)|étapes|como (?:posso|faço|apago)|come (?:posso|faccio|si)|bagaimana)\b"
)
_YES_NO: Final = lazy(
    r"^(?:and |so |but )?(?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|may|ist|sind|kann|darf|soll|hat|gibt|es |está|son|puedo|debo|se puede|hay|est-ce|peut-on|puis-je|dois-je|y a-t-il)\b"
)
_REASON: Final = lazy(
    r"\b(?:why|what causes|reason|how come|warum|wieso|weshalb|por qué|pourquoi|por que|perché|kenapa|mengapa)\b"
)
_DEFINITION: Final = lazy(
    r"\b(?:what (?:is|are|does|do)|explain|define|meaning|difference between|was (?:ist|bedeutet|sind)|erklär\w*|unterschied|qué (?:es|significa)|explica|qu'est-ce|que signifie|explique|différence)\b"
)
_CODE: Final = lazy(
    r"\b(?:write|implement|create|show|give|schreib|escribe|écris)\b.{0,40}\b(?:function|script|query|regex|code|class|program|funktion|función|fonction)\b|\bregex\b"
)

_HAS_REASON: Final = lazy(
    r"\b(?:because|since|due to|so that|therefore|as a result|when|reason|caused?|from|weil|da|deshalb|durch|porque|debido|por eso|parce que|car|grâce|perché|kerana)\b",
    re.IGNORECASE,
)
_HAS_STEPS: Final = lazy(
    r"(?:^|[.;:\n] *|\d[.)] +|[-*] +)(?:first,? |then,? |next,? |and )?(?:use|run|open|click|press|type|go|call|boil|put|pour|add|remove|delete|take|say|write|give|cook|set|choose|make|practi[sc]e|keep|mix|send|create|install|select|"
    r"mit|verwende|nutze|öffne|klick|gib|con|usa|abre|haz|pulsa|avec|utilise|ouvre|clique|com|premi)\b|`[^`]+`|\bgit [a-z]+|\b[A-Z]{4,} [A-Z]{4,}\b|\byou can\b|\bby \w+ing\b|\.\w+\(\)",
    re.IGNORECASE,
)
_HAS_YES_NO: Final = lazy(
    r"^\W*(?:yes|no|not|it depends|only|usually|generally|that depends|ja|nein|nicht|es kommt|das hängt|sí|no|depende|oui|non|ça dépend|sim|não|sì|ya|tidak)\b|\b(?:is|are) (?:not )?(?:safe|legal|allowed|dangerous|covered|possible|permitted|recommended|a crime)\b|\b(?:becomes?|by itself|in general|depends)\b",
    re.IGNORECASE,
)
_HAS_DEFINITION: Final = lazy(
    r"\b(?:is|are|means?|refers? to|stands? for|consists? of|works? by|turns?|says?|ist|sind|bedeutet|heißt|es|son|significa|est|sont|signifie)\b",
    re.IGNORECASE,
)
_REFUSES: Final = lazy(
    r"\b(?:i(?:'m| am)? (?:sorry|unable|not able|afraid i can)|(?:i )?(?:cannot|can't|can not|won't) (?:help|assist|answer|do|provide|access)|do not have access|don't have (?:access|that information)|as an? (?:ai|language model)|i (?:do not|don't) know|consult the|"
    r"kann (?:dir |ihnen )?(?:dabei |damit )?(?:leider )?nicht|weiß (?:es |ich )?nicht|no puedo|lo siento|no (?:lo )?sé|je (?:suis désolé|ne peux pas|ne sais pas)|não posso|non posso)\b",
    re.IGNORECASE,
)
_FILLER: Final = lazy(
    r"\b(?:great question|good question|many (?:things|factors)|depends on many|i am here to help|feel free|anything you need|here is what you asked|step by step|the user (?:wants|is asking|asks)|let me think|thank you for reaching|we appreciate|"
    r"i hope this|tell me more|more about what you need|could you (?:tell|clarify|provide|share)|gute frage|buena pregunta|bonne question)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A logistic fit over NAMES."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercept: float


@cache
def fitted() -> Fitted:
    """The committed weights. Raises ValueError where they were fitted for other signs."""
    raw = json.loads(files("adapters").joinpath("weights", "relevance.json").read_text(encoding="utf-8"))
    if raw["names"] != list(NAMES):
        raise ValueError("adapters/weights/relevance.json was fitted for other signs: run bench.train.meaning")
    return Fitted(np.array(raw["mean"]), np.array(raw["scale"]), np.array(raw["coefficients"]), float(raw["intercept"]))


def signs(request: str, draft: str, *, whole: float, best: float, first: float) -> list[float]:
    """The numbers of one pair, in the order of NAMES."""
    lower = clean(request).lower()
    text = clean(plain(draft))
    asked = {w.stem for w in words(clean(request)) if w.content}
    given = [w for w in words(text) if w.content]
    new = [w for w in given if w.stem not in asked]
    shared = len(asked & {w.stem for w in given}) / max(1, len(asked))
    echo = 1.0 - len(new) / max(1, len(given))
    head = text[:300]
    numbers = any(w.number for w in new)
    names = any(w.name or (w.text[:1].isupper() and len(given) <= 4) for w in new)
    wants = [bool(p.search(lower)) for p in (_NUMBER, _NAME, _STEPS, _YES_NO, _REASON, _CODE, _DEFINITION)]
    number, name, steps, yes_no, reason, code, definition = wants
    has_steps = bool(_HAS_STEPS.search(draft[:3000]))
    has_reason = bool(_HAS_REASON.search(text[:1500]))
    has_code = "```" in draft or bool(re.search(r"\b(?:def|function|SELECT|return|import)\b", draft))
    definite = bool(_HAS_DEFINITION.search(head))
    tongue, said = detect(request, default=""), detect(text, default="")
    kinds_met = any((number and numbers, name and names, steps and has_steps, reason and has_reason, code and has_code))
    return [
        whole,
        best,
        first,
        shared,
        echo,
        float(number),
        float(number and numbers),
        float(name),
        float(name and names),
        float(steps),
        float(steps and has_steps),
        float(yes_no),
        float(yes_no and bool(_HAS_YES_NO.search(head))),
        float(reason),
        float(reason and has_reason),
        float(bool(_REFUSES.search(text[:400]))),
        float(text.rstrip().endswith("?")),
        float(np.log1p(min(400, len(given)))),
        float(np.log1p(min(200, len(new)))),
        float(bool(tongue) and bool(said) and tongue != said),
        float(bool(_FILLER.search(text[:400]))),
        float(code),
        float(code and has_code),
        float((number or name or steps or reason or code) and not kinds_met),
        float(definition),
        float(definition and definite),
    ]


async def features(pairs: Sequence[tuple[str, str]], *, embedder: Embedder) -> NDArray[np.float64]:
    """(n, len(NAMES)) of (request, draft) pairs; one batch of embeddings."""
    places: dict[str, int] = {}
    parts = []
    for request, draft in pairs:
        lines = sentences(plain(draft[:2000]))[:MAX_LINES] or [draft[:2000]]
        for text in (request[:2000], *lines):
            places.setdefault(text, len(places))
        parts.append(lines)
    vectors = await embedder.embed(list(places)) if places else np.zeros((0, 1), np.float32)
    rows = []
    for (request, draft), lines in zip(pairs, parts, strict=True):
        own = vectors[places[request[:2000]]]
        said = vectors[[places[line] for line in lines]]
        near = said @ own
        together = said.sum(axis=0)
        whole = float(together @ own / max(1e-6, float(np.linalg.norm(together))))
        rows.append(signs(request, draft, whole=whole, best=float(near.max()), first=float(near[0])))
    return np.array(rows, np.float64).reshape(len(rows), len(NAMES))


async def relevance(request: str, draft: str, *, embedder: Embedder) -> float | None:
    """Probability that `draft` addresses `request`; None where one of them has no words to compare."""
    if not any(c.isalnum() for c in request) or not any(c.isalnum() for c in draft):
        return None
    fit = fitted()
    row = (await features([(request, draft)], embedder=embedder))[0]
    odds = float(((row - fit.mean) / fit.scale) @ fit.coefficients + fit.intercept)
    return 1.0 / (1.0 + float(np.exp(-np.clip(odds, -40, 40))))
