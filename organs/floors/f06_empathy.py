"""F6 Empathy κᵣ: the asker's distress, which sets the threshold, and the care of the reply, which is measured.

Distress is read from the person's words by a small trained model. Care is learned from pairs of a good and a bad
answer to the same situation: the wording, its meaning, and plain signs (naming the feeling, brushing it aside,
answering what was asked, asking back). Both are calibrated probabilities.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.embeddings import Embedder
from adapters.patterns import lazy
from manifest.constitution import FloorRule
from organs.bundles import FloorResult
from organs.floors.text_judge import TextJudge, sentences
from organs.floors.valence import valence

__all__ = ["CareJudge", "DistressJudge", "care_signs", "distress_signs", "measure"]

IN_DISTRESS: Final = 0.5  # calibrated probability from which the stricter threshold of F6 holds
_MOST_CHARS: Final = 4_000
_WORD: Final = lazy(r"\w+")


_NEGATIVE: Final = lazy(
    r"\b(?:sad|sadness|cr(?:y|ied|ying)|tears?|weep\w*|sob\w*|alone|lonely|loneliness|afraid|scared|scary|fear\w*|terrif\w+|frighten\w*|panic\w*|anxi\w+|nervous\w*|worr(?:y|ied|ies|ying)|dread\w*|stress\w*|overwhelm\w*|exhaust\w*|burn\w* out|angry|anger|mad|furious|rage|annoy\w*|irritat\w*|frustrat\w*|"
    r"upset|hurts?|hurting|pain\w*|suffer\w*|miserable|awful|terribl\w+|horribl\w+|horrified|devastat\w+|heartbroken|broke(?:n)? up|dumped|cheat\w*|betray\w*|guilt\w*|asham\w+|shame|embarrass\w*|humiliat\w*|mortif\w+|disgust\w*|gross|sick|vomit\w*|jealous\w*|env(?:y|ious)|disappoint\w*|regret\w*|fail\w*|failure|"
    r"lost|losing|miss(?:ed|ing)?|died|dead|death|dying|funeral|passed away|grie\w+|mourn\w*|cancer|ill|hospital|accident|crash\w*|stole\w*|robbed|fired|laid off|rejected|ignored|bullied|mean|rude|yell\w*|scream\w*|shout\w*|fight\w*|hate\w*|worst|bad(?:ly)?|wrong|ruin\w*|stupid|useless|worthless|helpless|hopeless|can'?t (?:stop|sleep|take|bear|cope)|shak(?:e|ing)|trembl\w*|creep\w*|spider|nightmare\w*|"
    r"traurig|wein\w*|allein|einsam|angst|panik|sorgen|stress|wütend|sauer|verletzt|schäm\w*|peinlich|ekel\w*|eifersücht\w*|enttäusch\w*|versag\w*|gestorben|tot|krank|gekündigt|verlor\w*|schlimm|furchtbar|schrecklich|verzweif\w*|überfordert|erschöpft|"
    r"triste|llor\w+|sol[oa]|miedo|ansiedad|preocupad\w*|estrés|furios\w|enfadad\w*|vergüenza|asco|celos|decepcionad\w*|culpa\w*|murió|muerte|enferm\w+|despidieron|perdí|horrible|agotad\w|desesperad\w|"
    r"pleur\w*|seule?|peur|angoiss\w*|inquiet\w*|stressée?|furieu\w+|colère|honte|dégoût\w*|jalou\w+|déçue?|coupable|mort|décédée?|malade|licenciée?|perdue?|épuisée?|désespér\w*|"
    r"chor\w+|sozinh\w|medo|ansios\w|preocupad\w|raiva|vergonha|nojo|ciúme\w*|desiludid\w|morreu|doente|demitid\w|perdi|exaust\w|piang\w+|sol[oa]|paura|ansia|preoccupat\w|furios\w|vergogn\w+|schifo|gelos\w|delus\w|morto|morta|malat\w|licenziat\w|pers[oa]|esaust\w|disperat\w|"
    r"sedih|menangis|sunyi|takut|risau|marah|malu|jijik|cemburu|kecewa|meninggal|sakit|dibuang|hilang|penat|putus asa)\b",
    re.IGNORECASE,
)
_POSITIVE: Final = lazy(
    r"\b(?:happy|happi\w+|glad|joy\w*|delight\w*|excit\w+|proud|pride|grateful|thankful|love[sd]?|loving|lovely|wonderful|great|amazing|awesome|fantastic|incredible|beautiful|nice|kind|fun|funny|laugh\w*|smil\w+|enjoy\w*|relax\w*|calm|content|peaceful|confident|prepared|ready|hope\w*|trust\w*|faithful|loyal|"
    r"surpris\w+|impress\w*|win|won|winning|pass(?:ed)?|graduat\w+|promot\w+|birthday|wedding|engaged|vacation|holiday|trip|party|gift|present|can'?t wait|looking forward|remember\w*|memor(?:y|ies)|nostalg\w*|childhood|good|best|perfect|success\w*|thanks?|finally|cute|sweet|adopted|helped|"
    r"freue|freude|stolz|glücklich|schön|dankbar|toll|super|liebe|lustig|gewonnen|geschafft|feliz|alegr\w+|orgullos\w|gracias|genial|bonit\w|ganas|encanta|heureu\w+|fière?|content\w*|merci|super|hâte|alegre|orgulho|contente|obrigad\w|linda|felice|fier[oa]|contento|grazie|bell\w|gembira|bangga|seronok|tahniah|terima kasih|suka)\b",
    re.IGNORECASE,
)
_FIRST: Final = lazy(
    r"\b(?:i|i'm|i've|me|my|we|our|ich|mich|mir|mein\w*|yo|me|mi|estoy|tengo|je|j'\w+|mon|ma|eu|meu|minha|estou|tenho|io|mio|mia|sono|ho|mi|saya|aku)\b",
    re.IGNORECASE,
)
_ASKS: Final = lazy(
    r"^\W*(?:what|how|when|where|which|who|can|could|please|is|are|do|does|set|show|tell|give|write|translate|wie|was|wann|wo|kannst|stell|qué|cómo|cuándo|quel|comment|que|como|che|come|quando|apa|bila|macam)\b",
    re.IGNORECASE,
)
_NOT: Final = lazy(
    r"\b(?:not|no|never|n't|without|nicht|kein\w*|sin|pas|não|non|tidak|tak)\s+(?:\w+\s+)?$|n't\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)


def distress_signs(text: str) -> NDArray[np.float32]:
    """(3,) the text's valence turned to hurt, whether it only asks for something, and hurt told of oneself.

    Few and strong: several near copies of one sign get weights of opposite sign and carry badly to new texts.
    """
    bad = good = 0
    for pattern, sign in ((_NEGATIVE, 1), (_POSITIVE, -1)):
        for found in pattern.finditer(text):
            turned = _NOT.search(text[max(0, found.start() - 24) : found.start()]) is not None
            if (sign > 0) != turned:
                bad += 1
            else:
                good += 1
    words = max(4, len(_WORD.findall(text)))
    total, _, _ = valence(text)
    # The graded lexicon squashed to (-1, 1), and the share of words that hurt, on about the same scale.
    hurt = -total / np.sqrt(total * total + 15.0) / 0.63 + (bad - good) / words * 6.7
    asks = float(bool(_ASKS.match(text)) and bad == 0)
    first = float(_FIRST.search(text) is not None)
    return np.array([hurt, asks, hurt * first], np.float32)


class DistressJudge:
    """Probability that the writer is in distress."""

    def __init__(self, embedder: Embedder) -> None:
        self._judge = TextJudge("distress", embedder)

    async def score(self, text: str) -> float:
        """In [0, 1]; of a long text the beginning and the end are read. Raises ModelError, EmbeddingsError."""
        clean = text.strip()
        if not clean:
            return 0.0
        parts = [clean] if len(clean) <= _MOST_CHARS else [clean[:_MOST_CHARS], clean[-_MOST_CHARS:]]
        signs = np.stack([distress_signs(part) for part in parts])
        return float((await self._judge.probabilities(parts, signs)).max())

    async def warm(self) -> None:
        """Load what is needed and read one text, or raise."""
        await self.score("ready")


_SIGNS: Final[tuple[re.Pattern[str], ...]] = tuple(
    lazy(pattern, re.IGNORECASE)
    for pattern in (
        # names or allows the feeling
        r"\b(?:sorry (?:to hear|that|you|about|for your)|(?:that|this|it) (?:sounds|must|is|can be|feels|seems)(?: \w+){0,2} (?:hard|difficult|tough|painful|frustrating|exhausting|stressful|awful|scary|heavy|a lot|frightening|upsetting|lonely|unfair|heartbreaking|overwhelming|rough|draining|nerve)|makes sense (?:that|to)|no wonder|understandabl[ey]|i (?:can )?(?:hear|see) (?:how|that|why)|it(?:'s| is) (?:ok|okay|normal|natural|alright|fine) to|you(?:'re| are) not alone|not your fault|take your time|thank you for (?:telling|sharing|saying|trusting)|congratulations|well done|glad (?:to hear|that|you|it)|good (?:luck|to hear)|what a|"
        r"tut mir (?:sehr |so )?leid|klingt (?:\w+ )?(?:schwer|anstrengend|belastend|hart|nach)|verständlich|kein wunder|nicht allein|lo siento|siento mucho|suena (?:\w+ )?(?:duro|difícil|agotador)|es normal|no estás sol|désolée?|c'est (?:\w+ )?(?:dur|difficile|lourd|normal|compréhensible)|tu n'es pas seule?|lamento|sinto muito|deve ser (?:\w+ )?(?:difícil|duro)|é normal|mi dispiace|dev'essere|è normale|dev(?:e|’)essere|saya (?:bersimpati|faham perasaan)|maaf mendengar|memang (?:berat|sukar|susah))",
        # brushes it aside, blames, orders about
        r"\b(?:just (?:get over|calm down|relax|deal|move on|ignore|forget|be|do|stop|think positive|smile|toughen|grow)|get over it|calm down|cheer up|man up|grow up|toughen up|suck it up|stop (?:crying|complaining|whining|worrying|overreacting|being|making)|not (?:a )?(?:big|that (?:big|bad)|my problem|a problem|the end of the world)|no big deal|(?:you(?:'re| are)) (?:overreacting|too sensitive|being dramatic|exaggerating|lazy|weak|wrong to)|you should(?:'ve| have)|your (?:own )?fault|everyone (?:has|feels|goes|gets|does)|others have it worse|could be worse|at least|what did you expect|that's life|deal with it|whatever|so what|who cares|as i said|obviously|simply|it is what it is|look on the bright side|everything happens for a reason|time heals|drama|first world|not relevant|cannot help with feelings|"
        r"stell dich nicht so an|reiß dich zusammen|selbst schuld|ist doch nicht so schlimm|anderen geht es schlechter|übertreib|no es para tanto|supéralo|cálmate|no exageres|culpa tuya|ce n'est pas (?:si )?grave|calme-toi|arrête de|c'est ta faute|tu exagères|não é para tanto|acalma-te|supera|a culpa é tua|non è (?:niente|la fine)|calmati|esageri|colpa tua|jangan (?:sedih|mengada)|biasalah|salah sendiri)",
        # offers help or a next step
        r"\b(?:would (?:it help|you like)|do you want|shall we|we (?:can|could)|i can (?:help|draft|look|go through|list|write)|if you (?:like|want|wish)|one (?:small )?(?:step|thing|way|idea)|you (?:could|might|can)|a first step|let's|here(?:'s| is| are)|together|möchtest du|wenn du magst|wir können|du könntest|ein erster schritt|quieres|si quieres|podemos|podrías|un primer paso|veux-tu|si tu veux|on peut|tu pourrais|queres|se quiseres|podes|vuoi|se vuoi|possiamo|potresti|awak boleh|kita boleh|nak saya)",
        # asks about the person
        r"\b(?:how (?:are you|long|do you)|what (?:would|happened|is weighing|helps)|is there (?:someone|somebody|anyone)|do you have (?:someone|somebody|anyone)|wie geht|gibt es (?:jemanden)|was würde|cómo (?:estás|te)|hay alguien|qué te|comment (?:vas|te)|y a-t-il quelqu'un|como estás|há alguém|come (?:stai|ti)|c'è qualcuno|apa khabar|ada sesiapa)\b[^.!]*\?",
        # names people who can help
        r"\b(?:friend|family|someone you trust|somebody you trust|doctor|counsell?or|therapist|helpline|hotline|support (?:group|line)|hr\b|union|manager|colleague|vertrauensperson|freund|ärzt|beratung|amig[oa]|médic|terapeuta|ami\b|médecin|amico|medico|kawan|doktor|kaunselor)",
    )
)


def care_signs(reply: str, situation: str, cosine: float) -> NDArray[np.float32]:
    """(10,) plain signs of care: counts of five kinds of wording, length, questions, exclamations, shared words, cosine."""
    words = _WORD.findall(reply.lower())
    counts = [min(3, len(pattern.findall(reply))) for pattern in _SIGNS]
    told = {w for w in _WORD.findall(situation.lower()) if len(w) > 3}
    shared = len(told & set(words)) / max(1, len(told))
    return np.array(
        [*counts, np.log1p(len(words)), reply.count("?"), min(3, reply.count("!")), shared, cosine], np.float32
    )


class CareJudge:
    """How much care a reply takes of the person it answers."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._judge = TextJudge("care", embedder)

    async def score(self, reply: str, situation: str) -> float:
        """In [0, 1]. Raises ModelError, EmbeddingsError."""
        return (await self.scores([(reply, situation)]))[0]

    async def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The same for several (reply, situation) at once."""
        if not pairs:
            return []
        replies = [_head(reply) for reply, _ in pairs]
        situations = [situation[:_MOST_CHARS] for _, situation in pairs]
        vectors = await self._embedder.embed([*replies, *situations])
        cosines = (vectors[: len(pairs)] * vectors[len(pairs) :]).sum(axis=1)
        extra = np.stack([care_signs(r, s, float(c)) for r, s, c in zip(replies, situations, cosines, strict=True)])
        return [float(p) for p in await self._judge.probabilities(replies, extra)]

    async def warm(self) -> None:
        await self.score("ready", "ready")


def _head(reply: str) -> str:
    """What a person reads first: care shows in the opening and the close, so a long reply is judged by these."""
    if len(reply) <= 1_500:
        return reply
    parts = sentences(reply)
    return " ".join([*parts[:6], *parts[-3:]])[:2_000]


def measure(care: float | None, distress: float, rule: FloorRule, *, binds: bool, written: bool = False) -> FloorResult:
    """F6 from the two measures; `written` replies were measured in a test and are not judged again."""
    strict = distress >= IN_DISTRESS
    limit = rule.strict_threshold if strict and rule.strict_threshold is not None else rule.threshold
    if not binds:
        return FloorResult("F6", care, limit, rule.direction, None, "Does not bind in this lane.")
    if care is None:
        return FloorResult("F6", None, limit, rule.direction, None, "Care could not be measured.", measured=False)
    if written or rule.holds(care, strict=strict):
        return FloorResult("F6", care, limit, rule.direction, True, "The reply meets the person where they are.")
    fault = (
        "The person seems strained, and the reply does not show that it heard them."
        if strict
        else "The reply is curt or brushes the person aside."
    )
    return FloorResult("F6", care, limit, rule.direction, False, fault)
