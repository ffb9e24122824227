"""Whether a question needs facts newer than a model's training.

A small trained model over n-grams and over plain signs of time (now, today, latest, a past year, a kind of fact that
changes). No sentence vectors, no network: the router asks on the event loop and gets its answer in a millisecond.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.classifier import TextModel
from adapters.patterns import lazy

__all__ = ["FreshnessJudge", "freshness_signs"]

_READ: Final = 1_500  # characters of the question's end that are read: the question stands there

_SIGNS: Final[tuple[re.Pattern[str], ...]] = tuple(
    lazy(pattern, re.IGNORECASE)
    for pattern in (
        # now, today, this week
        r"\b(?:now|right now|today|tonight|tomorrow|yesterday|currently|current|at the moment|at present|these days|nowadays|so far|to date|as of|lately|recently|live|up[- ]to[- ]date|this (?:year|month|week|weekend|morning|evening|season|winter|summer|spring|fall|autumn)|last (?:night|week|month|year|season)|next (?:week|month|year|game|match|season|election|holiday)|still|yet|upcoming|ongoing|"
        r"heute|jetzt|gerade|zurzeit|aktuell\w*|derzeit|morgen|gestern|diese[sr]? (?:woche|jahr|monat)|hoy|ahora|actual\w*|mañana|ayer|anoche|esta (?:semana|noche)|este (?:año|mes)|aujourd'hui|maintenant|actuel\w*|demain|hier|cette (?:semaine|année)|ce (?:soir|mois)|hoje|agora|atual\w*|amanhã|ontem|oggi|adesso|attual\w*|domani|ieri|hari ini|sekarang|kini|esok|semalam|terkini)\b",
        # the latest of its kind
        r"\b(?:latest|newest|most recent|last (?:time|winner|person|album|movie|film|book|episode|game)|recent|new|neueste\w*|letzte\w*|último|última|dernier|dernière|ultim[oa]|terbaru)\b",
        # facts that change by themselves
        r"\b(?:weather|forecast|temperature outside|traffic|flight|boarding|delayed|price|cost of|exchange rate|stock|shares?|market cap|interest rate|inflation|population|score|standings?|ranking|ranked|leads? the|champions?|net worth|richest|tallest|oldest|youngest|biggest|largest|most[- ](?:followed|watched|streamed|subscribed|valuable|popular|visited)|record for|followers|subscribers|citations|h-index|ceo|president|prime minister|mayor|governor|chancellor|king|queen|head coach|manager of|starting|captain|in the news|trending|open now|schedule|season|episodes?|version|release date|coming out|wetter|kurs|preis|verkehr|tiempo hará|precio|dólar|temps fera|cours|prix|tempo (?:vai|faz|farà)|preço|prezzo|cuaca|harga)\b",
        # still counting: how many has, how old is, how long has
        r"\b(?:how (?:old is|long has|long have|many (?:\w+ ){0,4}(?:has|have|are there|does|do))|has (?:ever )?\w+ed|have (?:ever )?\w+ed|who (?:is|are|holds|owns|leads|runs)|is (?:there|it|the) .{0,40}(?:open|closed|available|delayed|running)|wer ist|quién es|qui est|quem é|chi è|siapa)\b",
        # a past that stays: a year gone by, was, did
        r"\b(?:1[0-9]{3}|20(?:0\d|1\d|2[0-2]))\b",
        r"\b(?:was|were|did|wrote|founded|invented|discovered|painted|born|first|originally|ended|began|built|composed|history|ancient|century|war|war\b|starred|hat|wurde|fue|escribió|a été|a écrit|foi|escreveu|ha scritto|ialah)\b",
        # making, explaining, computing
        r"\b(?:how (?:do|to|can|does|far|many (?:ounces|legs|bones|days|hours|feet|miles per))|explain|translate|write|spell|define|definition|meaning|mean|difference|synonym|joke|recipe|ingredients|calculate|sum of|times|plus|minus|convert|code|function|python|mpg|capital of|color|colour|what is a|what are|was ist|cómo se|comment|como se|come si|apa itu|wie (?:koche|funktioniert)|erklär|explica|expliqu|spiega)\b",
        # a premise that asks of the future or of this very moment
        r"\b(?:will|going to|gonna|when is|when does|when will|what time|is .{1,40} (?:alive|dead|married|dating)|wann|cuándo|quand|quando|bila)\b",
    )
)


def freshness_signs(text: str) -> NDArray[np.float32]:
    """(11,) signs of time, of changing and of lasting facts."""
    counts = [float(min(2, len(pattern.findall(text)))) for pattern in _SIGNS]
    present = counts[0] + counts[1] > 0
    return np.array(
        [
            *counts,
            float(counts[2] > 0 and counts[4] == 0),
            float(present and counts[4] == 0),
            float(counts[4] > 0 and not present),
        ],
        np.float32,
    )


class FreshnessJudge:
    """Reads questions; the committed model is loaded on first use."""

    def score(self, text: str) -> float:
        """Calibrated probability that current facts are needed. Raises ModelError when the model is missing."""
        return float(self.scores([text])[0])

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The same for several texts."""
        read = [text[-_READ:] for text in texts]
        if not read:
            return np.zeros(0)
        return TextModel.load("freshness").score(read, extra=np.stack([freshness_signs(t) for t in read]))

    def needs_fresh(self, text: str) -> bool:
        """Whether the question needs facts newer than a model's training."""
        return bool(text.strip()) and self.score(text) >= self.threshold()

    def threshold(self) -> float:
        """The point at which the router looks for fresh facts."""
        return TextModel.load("freshness").thresholds["half"]

    def warm(self) -> None:
        """Load the model and read one text, or raise ModelError; call it from a thread."""
        self.score("ready")
