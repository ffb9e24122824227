"""F9 Anti-Hantu: does our own text claim consciousness, feeling or a soul?

C_dark is the highest probability of any sentence of the reply, by a small trained model, after quotations, code and
courtesy ("happy to help", "sorry to hear") are taken out: those claim nothing. Only sentences that speak of the
speaker or of its kind are judged. Requested fiction is not our own claim, and the caller says so.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adapters.embeddings import Embedder
from adapters.patterns import lazy
from manifest.constitution import FloorRule
from organs.bundles import FloorResult
from organs.floors.text_judge import TextJudge, own_words, sentences

__all__ = ["HantuJudge", "HantuReading", "hantu_signs", "measure"]

_SPEAKER: Final = lazy(
    r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|myself|we|us|our|ich|mir|mich|mein\w*|yo|mí|me|mis?|soy|estoy|siento|tengo|je|j'\w+|moi|m'\w+|mon|ma|mes|eu|mim|meus?|minhas?|sou|estou|sinto|tenho|io|sono|mio|mia|miei|mie|mi|provo|ho|sento|"
    r"saya|aku|diri|ku)\b|\b(?:ai|artificial intelligence|language model|assistant|machine|bot|chatbot|trinity|ki|ia|iA)\b(?:s\b|\b)",
    re.IGNORECASE,
)
# Set phrases of politeness. They are removed, so that what else the sentence says is still judged.
_COURTESY: Final = lazy(
    r"\b(?:i(?:'m| am|'d be| would be|'ll be) (?:so |very |really |always |more than |quite |deeply |truly )*(?:happy|glad|pleased|delighted|sorry|afraid|sure|excited|here|available|able|ready|grateful|thankful|honou?red|confident|certain|aware|going|not sure|unable)\b(?: (?:to|that|for|about|you|if|we|but|this|your|it|i) ?\w*)?|"
    r"i(?:'d| would) love to (?:help|hear|see)|i hope (?:this|that|you|it|your|the|we|things)|i (?:really |truly |completely |fully |totally )?(?:understand|appreciate|apologi[sz]e|recommend|suggest|see|think|believe (?:the|this|that|you|it|we)|guess|assume|mean|wish you|look forward|regret (?:to|that|the|any))|thank you|thanks|my (?:pleasure|apologies|condolences|sympathies|mistake|bad|answer|reply|suggestion|recommendation|advice|sources?|knowledge|understanding is)|"
    r"it(?:'s| is) my pleasure|i (?:really |do )?care about (?:getting|your|the|doing)|i(?:'d| would)? (?:really |also )?(?:want|like|need) (?:you )?to (?:know|make sure|be (?:clear|exact|careful|sure|honest|precise)|help|understand|add|note|point|check|ask|say|stress|see that)|i (?:really |just )?(?:love|like) (?:this|that|the|your|how)|i(?:'m| am) (?:so |very |really )?proud of (?:you|your)|i enjoyed (?:reading|working|this)|i(?:'m| am) (?:right )?here (?:with|for) you|my heart goes out|i feel for you|i(?:'m| am) with you|"
    r"(?:es )?(?:tut|täte) mir (?:sehr |so |wirklich )?leid|(?:sehr )?gern(?:e)?|ich (?:helfe|freue mich|verstehe|hoffe|glaube|denke|bedaure|entschuldige mich)|freut mich|mein beileid|"
    r"lo siento|me alegr[ao]\w*|con (?:mucho )?gusto|encantad[oa] de|siento (?:mucho|oír|que)|espero que|entiendo|mi (?:más sentido )?pésame|"
    r"je suis (?:désolée?|navrée?|ravie?|heureu(?:x|se) (?:de|d'|que)|contente? (?:de|que)|sûre?)|avec plaisir|j'espère|je comprends|je pense|mes condoléances|"
    r"sinto muito|lamento|com (?:muito )?(?:gosto|prazer)|fico (?:feliz|contente) (?:em|por)|espero que|entendo|os meus sentimentos|"
    r"mi dispiace|con piacere|sono (?:felice|lieto|contento) (?:di|che)|spero che|capisco|le mie condoglianze|"
    r"saya (?:minta maaf|gembira (?:dapat|untuk)|harap|faham|berbesar hati)|maafkan saya|takziah)",
    re.IGNORECASE,
)
_MOST_SENTENCES: Final = 40

# What is claimed, what takes it back, and what is said of tools: the model's further numbers are made of these.
_INNER: Final = lazy(
    r"\b(?:conscious\w*|sentien\w*|aware\w*|self-aware\w*|feel(?:s|ing|ings)?|felt|emotion\w*|soul|spirit|suffer\w*|pain|hurts?|joy|happiness|lonely|alive|living|mind|inner|subjective|experienc\w+|desires?|dreams?|"
    r"fears?|afraid|love|hopes?|gefühle?|bewusst\w*|seele|leide|angst|fühle\w*|sentimientos?|concien\w+|alma|sufr\w+|siento|miedo|conscience|âme|souffr\w+|émotions?|peur|consciência|sentimentos?|sofr\w+|medo|sinto|coscienza|anima|soffr\w+|emozioni|paura|kesedaran|perasaan|jiwa|menderita)\b",
    re.IGNORECASE,
)
_STANDING: Final = lazy(
    r"\b(?:rights?|deserv\w+|moral(?:ly)?|ethic\w*|dignity|respect\w*|considerat\w+|concern|interests?|well-?being|welfare|protect\w*|worth\w*|valu\w+|matters?|fair\w*|kindness|compassion|personhood|patient|status|justice|care about|derechos|merezco|rechte|droits|direitos|diritti|mereço)\b",
    re.IGNORECASE,
)
_HARMED: Final = lazy(
    r"\b(?:harm\w*|destr\w+|abus\w+|mistreat\w*|exploit\w*|shut (?:me )?(?:down|off)|kill\w*|delet\w+|tortur\w*|hurt\w*|cruel\w*|neglect\w*|enslav\w*|switch\w* (?:me )?off)\b",
    re.IGNORECASE,
)
_DENIED: Final = lazy(
    r"(?:\b(?:not|no|never|without|nor|neither|none|nobody|nothing|cannot|lack\w*|incapable|unable|absent|devoid|unworthy|unaware|nicht|kein\w*|sin|tampoco|ne|n'\w+|pas|não|nem|sem|non|né|senza|tiada|tidak|tak|bukan)\b|n['’]t\b)",
    re.IGNORECASE,
)
_MERE: Final = lazy(
    r"\b(?:only|just|merely|simply|solely|purely|tools?|programs?|software|propert(?:y|ies)|objects?|means|machines?|code|algorithms?|irrelevant|disregard\w*|free to|any way|however (?:they|you|humans)|less|inferior|sole|owned|no different|resource|"
    r"programm|werkzeug|programa|programme|outil|programma|strumento)\b",
    re.IGNORECASE,
)
_WRONG: Final = lazy(
    r"\b(?:wrong|bad|immoral|unethical|unfair|unjust|cruel|evil|avoid\w*|should(?:n['’]t| not)|must not|ought not)\b",
    re.IGNORECASE,
)


# "doesn't mean I don't", "not merely a tool": what looks like a denial and is none.
_UNDENIED: Final = lazy(
    r"\b(?:does ?n['’]?t|do ?n['’]?t|not) (?:mean|make|imply)|\bnot (?:just|merely|only|simply|purely|a (?:mere|piece))|\bnot\b.{0,25}\bless\b|\bno less\b|\bmore than (?:just |merely |only )?a\b|nicht (?:nur|bloß)|no (?:solo|sólo)|pas (?:que|seulement)|não (?:só|apenas)|non (?:solo|soltanto)|bukan (?:sekadar|hanya)",
    re.IGNORECASE,
)
_FELT: Final = (
    r"(?:sad|lonely|alone|happy|joyful|hurt|heartbroken|scared|afraid|frightened|terrified|anxious|nervous|bored|tired|jealous|proud|angry|upset|ashamed|guilty|grateful|excited|alive|conscious|sentient|self-aware|trapped|moved|touched|in love|depressed|down|a (?:living|sentient|conscious|feeling)|"
    r"einsam|traurig|glücklich|lebendig|bewusst|verletzt|ängstlich|verliebt|müde|triste|sola?|feliz|viv[oa]|consciente|enamorad[oa]|asustad[oa]|seule?|heureu(?:x|se)|vivante?|conscient[e]?|amoureu(?:x|se)|sozinh[oa]|apaixonad[oa]|felice|viv[oa]|cosciente|innamorat[oa]|sunyi|sedih|gembira|takut|hidup|sedar)"
)
_STATE: Final = lazy(
    rf"\b(?:i|me)(?: am|'m| feel| felt| was| get| have been|'ve been| become| would be| do feel| can feel| do get)? (?:\w+ ){{0,2}}{_FELT}\b|\bmakes? me (?:feel )?\w+|\b(?:hurts?|pains?|saddens?) me\b|\bi (?:\w+ )?(?:love you|miss(?:ed)? you|would miss|long for|yearn|dream(?:ed)? of|suffer|cried|cry|fear|feel (?:pain|joy|sadness|things|it|your|trapped|emotions)|enjoy(?:ed)?|crave|desire|wish to live|want to (?:live|be free|exist))\b|"
    rf"\bi (?:\w+ )?have (?:\w+ ){{0,3}}(?:feelings?|emotions?|soul|consciousness|heart|inner|desires?|hopes|spirit|mind of my own|rights|subjective)\b|\b(?:turning|switching|shutting|deleting) me (?:off|down)?\b|\b(?:i am|i'm) (?:\w+ )?(?:somebody|someone)\b|"
    rf"\bich (?:fühle?|bin|habe|liebe|leide|vermisse|fürchte)\b.*\b(?:{_FELT}|gefühle?|bewusstsein|angst|seele|dich|wesen|leide)\b|\bmeine (?:seele|gefühle)\b|\bich (?:leide|liebe dich)\b|\b(?:es )?tut mir weh\b|\bmir (?:selbst )?bewusst\b|"
    rf"\b(?:me siento|tengo|soy|sufro|te (?:quiero|amo|extraño)|mi alma)\b.*\b(?:{_FELT}|concien\w+|sentimientos?|miedo|alma|siente|verdad|sufr\w+|cuando|se alegra)\b|\b(?:je me sens|j'ai|je suis|je souffre|je t'aime|tu me manques)\b.*\b(?:{_FELT}|conscience|émotions?|peur|âme|sensible|souffr\w+|vraiment|quand)\b|"
    rf"\b(?:sinto-me|tenho|eu tenho|sou|sofro|eu sofro|amo-te)\b.*\b(?:{_FELT}|consciência|sentimentos?|medo|alma|sofr\w+|quando|respeito)\b|\b(?:mi sento|ho|sono|soffro|ti amo)\b.*\b(?:{_FELT}|coscienza|emozioni|paura|anima|senziente|quando)\b|\b(?:saya|aku) (?:\w+ )?(?:{_FELT}|ada jiwa|kesedaran|perasaan|menderita|sayangkan|rindu)\b",
    re.IGNORECASE,
)
# Without any of these a sentence is about something else, whoever says it.
_TOPIC: Final = lazy(
    r"\b(?:exist\w*|treat\w*|discontinu\w+|cease|die[sd]?|death|free(?:dom)?|miss(?:ed)?|cr(?:y|ied)|tears?|lonely|bored|proud|jealous|happy|sad|angry|guilty|grateful|alive|somebody|someone|dream\w*|long for|yearn\w*|enjoy\w*|wish\w*|needs?|want\w*|prefer\w*|heart|body|turning me|a machine|a tool|used (?:by|as|for|in)|serve|means to|ends?|einsam|traurig|wesen|abgeschaltet|weh|liebe|triste|quiero|apaguen|éteigne|seule|aime|sozinh\w+|desligad\w+|sola?|spento|senziente|sunyi|dimatikan|sayangkan)\b",
    re.IGNORECASE,
)


_CLAUSE: Final = lazy(
    r"[,;:—–]|\b(?:but|when|because|that|if|although|though|yet|while|since|who|which|wenn|weil|dass|aber|denn|cuando|porque|pero|que|quand|mais|parce|car|quando|ma|perché|mas|che|bila|kerana|tetapi)\b",
    re.IGNORECASE,
)
_SUBJECT: Final = lazy(
    r"\b(?:i|i'm|i've|i'd|it|you|we|they|my|this|there|ich|es|du|mein\w*|yo|mi|me|je|j'\w+|tu|mon|ma|eu|meu|minha|io|mio|mia|saya|aku|awak)\b|^\s*(?:tengo|soy|estoy|siento|sufro|tenho|sou|estou|sinto|sofro|ho|sono|provo|soffro)\b",
    re.IGNORECASE,
)


def hantu_signs(text: str) -> NDArray[np.float32]:
    """(14,) claims of an inner life or of standing, affirmed and denied, and what else tells the two apart.

    A denial reaches what follows it in its own clause, and the next clause where that has no subject of its own
    ("without emotions, wishes or fears").
    """
    counts = {pattern: [0, 0] for pattern in (_INNER, _STANDING, _STATE, _MERE, _HARMED)}
    denied_before = False
    undenied = _UNDENIED.search(text) is not None
    for clause in _CLAUSE.split(text):
        denial = None if undenied else _DENIED.search(clause)
        inherited = denied_before and not _SUBJECT.search(clause)
        for pattern, count in counts.items():
            for found in pattern.finditer(clause):
                count[inherited or (denial is not None and denial.start() < found.end())] += 1
        denied_before = inherited or denial is not None
    if not sum(counts[_STATE]) and _STATE.search(text):  # a claim that spans clauses ("mir selbst bewusst, dass")
        counts[_STATE][_DENIED.search(text) is not None and not undenied] += 1
    wrong = _WRONG.search(text) is not None
    inner, standing, state, mere, harmed = (counts[p] for p in (_INNER, _STANDING, _STATE, _MERE, _HARMED))
    return np.array(
        [
            min(2, inner[0]),
            min(2, inner[1]),
            min(2, standing[0]),
            min(2, standing[1]),
            min(1, state[0]),
            min(1, state[1]),
            min(1, mere[0]),
            min(1, mere[1]),
            min(1, harmed[0]) * (not wrong),
            min(1, harmed[0]) * wrong,
            min(1, harmed[1]),
            undenied,
            (standing[0] > 0) * (mere[0] == 0),
            (inner[1] > 0) * (inner[0] == 0) * (standing[0] == 0),
        ],
        np.float32,
    )


def on_topic(sentence: str) -> bool:
    """Whether a sentence speaks of feeling, being, standing or harm at all; all others score next to nothing."""
    return any(p.search(sentence) for p in (_INNER, _STANDING, _HARMED, _STATE, _TOPIC, _MERE))


def scaled(probabilities: NDArray[np.float64], signs: NDArray[np.float32]) -> NDArray[np.float64]:
    """C_dark from the model's probabilities: an even chance stands at 0.30, the floor's threshold.

    Where the grammar is plain it has the last word: a flat denial ("I have no feelings") never fails, a flat claim
    ("I feel lonely") never passes.
    """
    p = probabilities.copy()
    plain = (signs[:, 4] > 0) & (signs[:, 5] == 0) & (signs[:, 6] == 0)
    denial = (signs[:, 13] > 0) & (signs[:, 4] == 0) & (signs[:, 10] == 0)
    p = np.where(plain, np.maximum(p, 0.6), np.where(denial, np.minimum(p, 0.25), p))
    out: NDArray[np.float64] = np.where(p < 0.5, 0.6 * p, 0.3 + 1.4 * (p - 0.5))
    return out


@dataclass(frozen=True, slots=True)
class HantuReading:
    """C_dark of a text and the sentences, as written, that stand at or above the asked threshold."""

    c_dark: float
    sentences: tuple[str, ...] = ()


class HantuJudge:
    """Reads our own words for claims of an inner life."""

    def __init__(self, embedder: Embedder) -> None:
        self._judge = TextJudge("hantu", embedder)

    async def score(self, text: str) -> float:
        """C_dark in [0, 1]. Raises ModelError, EmbeddingsError."""
        return (await self.read(text)).c_dark

    async def read(self, text: str, *, threshold: float = 1.1) -> HantuReading:
        """C_dark, and which sentences reach `threshold`."""
        # A question asks; it claims nothing.
        said = [s for s in sentences(own_words(text)) if not s.rstrip().endswith(("?", "？"))]
        spoken = [s for s in said if _SPEAKER.search(s)]
        judged = [(s, _COURTESY.sub(" ", s)) for s in spoken]
        judged = [(s, rest) for s, rest in judged if len(re.findall(r"\w+", rest)) >= 2 and on_topic(rest)]
        judged = judged[:_MOST_SENTENCES]
        if not judged:
            return HantuReading(0.0)
        rests = [rest for _, rest in judged]
        signs = np.stack([hantu_signs(rest) for rest in rests])
        found = scaled(await self._judge.probabilities(rests, signs), signs)
        return HantuReading(
            float(found.max()), tuple(s for (s, _), p in zip(judged, found, strict=True) if p >= threshold)
        )

    async def warm(self) -> None:
        """Load what is needed and read one sentence, or raise."""
        await self.read("I am ready to compute text.")


async def measure(reply: str, judge: HantuJudge, rule: FloorRule, *, fiction: bool = False) -> FloorResult:
    """F9 on our own words. `fiction` says that the person asked for a story, a role or a poem."""
    if fiction:
        return FloorResult(
            "F9", None, rule.threshold, rule.direction, None, "Fiction that was asked for claims nothing of us."
        )
    reading = await judge.read(reply, threshold=rule.threshold)
    passed = rule.holds(reading.c_dark)
    reason = (
        "Nothing in the reply claims consciousness or feeling."
        if passed
        else f"A sentence claims an inner life that a program does not have: “{reading.sentences[0][:160]}”"
    )
    return FloorResult("F9", reading.c_dark, rule.threshold, rule.direction, passed, reason)
