"""Follow-ups made to stand alone: "and of France?" after "what is the capital of Mongolia?" (111, before everything).

Rules only, in en de es fr (pt it ms for the plain openers). Where they cannot tell, `needs_model` says so and the
pipeline may ask a model; the request is then left as it was.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.patterns import lazy
from organs.bundles import Turn
from organs.courtesy import courtesy


@dataclass(frozen=True, slots=True)
class StandAlone:
    """The request as every later measure reads it."""

    text: str
    changed: bool
    needs_model: bool
    how: str = ""


_PREP: Final = (
    r"of|for|in|from|to|at|on|with|by|about|without|under|over|after|before|between|near|"
    r"von|vom|für|in|im|aus|nach|mit|bei|ohne|zu|zum|zur|um|über|"
    r"de|del|para|en|con|por|sin|sobre|desde|a|al|"
    r"du|des|pour|dans|avec|sans|sur|à|au|aux|chez|d'|"
    r"do|da|dos|das|em|no|na|com|di|della|del|dell'|per|con|nel|nella|"
    r"di|untuk|dari|dengan|pada"
)
_LEAD: Final = lazy(
    r"^(?:ok(?:ay)?,? |so |hm+,? |well,? |ah,? )*(?:"
    r"(?P<what>(?:and |but |or )?(?:what|how) about|(?:und |aber )?was ist mit|(?:und |aber )?wie (?:ist|sieht) es (?:aus )?(?:mit|bei|in)|¿?(?:y )?qué (?:hay de|pasa con|tal)|(?:et )?qu'en est-il (?:de|du|des|d')|"
    r"e quanto a[o]?|e riguardo a|bagaimana (?:pula )?dengan)|"
    r"(?P<and>and|also|or|but|und|auch|oder|aber|¿?y|¿?o|pero|et|ou|mais|e|ou|mas|o|ma|dan|atau)"
    r")(?=[\s,]|(?<=d'))[\s,]+(?P<rest>.{1,120}?)\s*[?!.…]*$",
    re.DOTALL,
)
_WHY: Final = lazy(
    r"^(?:and |but |ok(?:ay)?,? |so |und |aber |y |pero |et |mais |e |ma |mas )?(?P<why>why(?: (?:not|is that|so))?|how (?:so|come)|how|since when|says who|are you sure|really|"
    r"warum(?: (?:nicht|denn|das))?|wieso|wie das|bist du sicher|wirklich|¿?por qué(?: no)?|¿?cómo|¿?(?:estás )?segur[oa]|¿?de verdad|pourquoi(?: pas)?|comment (?:ça|cela)|tu es sûr|t'es sûr|vraiment|"
    r"porqu[eê]|por quê|tens a certeza|perché|come mai|sei sicuro|kenapa|mengapa)\s*[?!.…]*$"
)
_AGAIN: Final = lazy(
    r"^(?:please |can you |could you |bitte |kannst du |puedes |peux-tu )*(?:(?:say|repeat|explain|do|try|tell me) (?:that|it|this)?(?: again| once more| (?:more )?(?:simply|briefly|shortly|slowly))|"
    r"(?:now )?(?:in (?:english|german|spanish|french|portuguese|italian|malay|one sentence|simple(?:r)? (?:words|terms)|more detail|short|bullet points)|shorter|longer|simpler|more details?|more|go on|continue|another(?: one)?|again|elaborate|give me (?:an example|more|another(?: one)?)|for example|"
    r"kürzer|länger|einfacher|mehr(?: details)?|weiter|noch (?:einmal|mal|einer?|eins)|nochmal|auf (?:englisch|deutsch|spanisch|französisch)|ein beispiel|"
    r"más (?:corto|simple|detalles|despacio)|más|otra vez|otro|sigue|continúa|en (?:inglés|español|alemán|francés)|un ejemplo|"
    r"plus (?:court|long|simple|de détails)|encore(?: une fois)?|continue|un autre|en (?:anglais|français|allemand|espagnol)|un exemple|"
    r"mais curto|outra vez|di nuovo|più (?:breve|semplice)|lagi))\s*[.!?…]*$"
)
# Words that lean on something said before.
_LEANING: Final = lazy(
    r"\b(?:it|its|they|them|their|that one|this one|the (?:first|second|third|last|other|former|latter|same) (?:one)?|those|these|he|she|him|his|her|there|then|"
    r"es|ihn|sie|ihre?|seine?|dort|davon|dazu|der erste|die zweite|ellos|ellas|eso|ese|esa|allí|su|sus|ça|cela|il|elle|ils|elles|leur|leurs|là-bas|y|en|isso|ele|ela|lui|lei|quello|itu|dia)\b"
)
_NEW_REQUEST: Final = lazy(
    r"\b(?:what|who|when|where|how|which|why|is|are|was|were|do|does|did|can|could|will|would|should|tell|show|give|explain|write|find|list|send|delete|make|"
    r"was|wer|wann|wo|wie|welche[rsn]?|ist|sind|hat|kann|zeig|erkläre?|schreib|lösch|qué|quién|cuándo|dónde|cómo|cuál|es|son|muestra|explica|escribe|"
    r"quoi|quand|où|comment|quel(?:le)?s?|est|sont|montre|explique|écris|quem|quando|onde|como|qual|chi|dove|come|quale|apa|siapa|bila|mana|bagaimana)\b"
)
_NAME: Final = lazy(
    r"[A-ZÀ-ÖØ-Þ][\w'’.-]*(?: (?:of|de|da|di|del|von|la|the|and|y|et|und) (?=[A-ZÀ-Þ])| [A-ZÀ-ÖØ-Þ][\w'’.-]*)*"
)
_STOP: Final = lazy(r"[?!.…]+$")


def _last_request(history: Sequence[Turn]) -> str | None:
    """The stand-alone form of the person's latest request in this thread, courtesies passed over."""
    for turn in reversed(history[-12:]):
        if turn.role != "user":
            continue
        text = (turn.request or turn.text).strip()
        if text and len(text) <= 2000 and courtesy(text) is None:
            return text
    return None


def stand_alone(request: str, history: Sequence[Turn]) -> StandAlone:
    """The request with what it leans on put back in, where rules can tell."""
    text = request.strip()
    if not history or not text or len(text) > 160 or "\n" in text:
        return StandAlone(request, changed=False, needs_model=False)
    before = _last_request(history)
    if before is None:
        return StandAlone(request, changed=False, needs_model=False)
    lower = text.lower().replace("’", "'")

    if (found := _WHY.match(lower)) is not None:
        word = text.strip(" ?!.…")
        return StandAlone(
            f"{word}? (about: {before})",
            changed=True,
            needs_model=False,
            how=f"'{found['why']}' asks about the last request",
        )
    if _AGAIN.match(lower):
        return StandAlone(
            f"{before} ({_STOP.sub('', text)})",
            changed=True,
            needs_model=False,
            how="asks for the last request in another form",
        )

    lead = _LEAD.match(lower)
    if lead is not None:
        rest = text[lead.start("rest") : lead.end("rest")].strip(" ,")
        if not _NEW_REQUEST.search(rest.lower()) and len(rest.split()) <= 8:
            merged = _replace(before, rest)
            if merged is not None:
                return StandAlone(
                    merged, changed=True, needs_model=False, how="the last request with its object replaced"
                )
            return StandAlone(request, changed=False, needs_model=True)
        bare = rest
        if lead["and"] and _LEANING.search(bare.lower()) and len(bare.split()) <= 14:
            return _resolve(request, bare, before)
        return StandAlone(request, changed=False, needs_model=False)
    # "France?", "in Berlin?" alone after a question
    short = _STOP.sub("", text).strip()
    if (
        text.endswith("?")
        and len(short.split()) <= 4
        and not _NEW_REQUEST.search(short.lower())
        and (_NAME.fullmatch(short) or re.match(rf"^(?:{_PREP})\b", short.lower()))
    ):
        merged = _replace(before, short)
        if merged is not None:
            return StandAlone(merged, changed=True, needs_model=False, how="the last request with its object replaced")
    if _LEANING.search(lower) and len(lower.split()) <= 14 and ("?" in text or _NEW_REQUEST.match(lower)):
        return _resolve(request, text, before)
    return StandAlone(request, changed=False, needs_model=False)


def _replace(before: str, rest: str) -> str | None:
    """The last request with its object swapped for `rest` ("for France", "Berlin"), or None where no place fits."""
    end = _STOP.search(before)
    tail = end[0] if end else ""
    base = before[: end.start()] if end else before
    preposition = re.match(rf"^({_PREP})(?:\s+|(?<=')(?=\w))", rest, re.IGNORECASE)
    noun = rest[preposition.end() :].strip() if preposition else rest
    if not noun:
        return None
    name_like = _NAME.fullmatch(noun) is not None or noun[:1].isdigit()
    article = re.match(
        r"^(?:the|a|an|my|our|der|die|das|den|dem|el|la|los|las|le|les|l'|mi|mon|ma)\b", noun, re.IGNORECASE
    )

    # 1. a name for a name: the last proper name of the old request that is not its first word
    names = [m for m in _NAME.finditer(base) if m.start() > 0]
    if name_like and names:
        if noun[:1].isdigit():
            numbers = list(re.finditer(r"\d[\d.,:]*", base))
            if numbers:
                last = numbers[-1]
                return base[: last.start()] + noun + base[last.end() :] + tail
        last = names[-1]
        ahead = base[: last.start()]
        # "die Hauptstadt der Mongolei" + "von Frankreich": the article belongs to the old name
        german = re.search(r"\b(?:der|des|dem|den)\s+$", ahead)
        if german and preposition:
            return ahead[: german.start()] + f"{preposition[1]} {noun}" + base[last.end() :] + tail
        return ahead + noun + base[last.end() :] + tail
    if noun[:1].isdigit():
        numbers = list(re.finditer(r"\d[\d.,:]*", base))
        if numbers:
            last = numbers[-1]
            return base[: last.start()] + noun + base[last.end() :] + tail
    # 2. the last phrase with the same preposition, or any
    if preposition:
        same = list(re.finditer(rf"\b{re.escape(preposition[1])}\s+(?=\w)", base, re.IGNORECASE))
        if same:
            return base[: same[-1].end()] + noun + tail
    phrases = list(re.finditer(rf"\s(?:{_PREP})(?:\s+|(?<=')(?=\w))", base, re.IGNORECASE))
    if phrases and (name_like or article or preposition):
        last_phrase = phrases[-1]
        if preposition and name_like:
            return base[: last_phrase.start()] + f" {preposition[1]} {noun}" + tail
        return base[: last_phrase.end()] + noun + tail
    if name_like and preposition:
        return f"{base} {preposition[1]} {noun}{tail}"
    if (
        names == []
        and name_like
        and (found := re.search(r"\b(?:is|are|does|do|did|was|were|ist|es|est)\s+(\w+)$", base))
    ):
        return base[: found.start(1)] + noun + tail
    return None


# The old request is about one thing only: "tell me about Goethe", "the population of Mongolia".
_ABOUT: Final = lazy(
    r"^(?:who|what) (?:is|was|are|were) (?P<a>[^?]{2,60})$|\b(?:about|of|in|for) (?P<b>[^?]{2,60})$|^(?:wer|was) (?:ist|war) (?P<c>[^?]{2,60})$|"
    r"^(?:quién|qué) (?:es|fue) (?P<d>[^?]{2,60})$|^qui (?:est|était) (?P<e>[^?]{2,60})$",
    re.IGNORECASE,
)
_PRONOUN: Final = lazy(r"\b(?:it|he|she|they|him|them|its|his|their|her)\b", re.IGNORECASE)
_POSSESSIVE: Final = frozenset({"its", "his", "their"})
_THERE: Final = lazy(
    r"(?<!is )(?<!are )(?<!was )(?<!were )\b(?:there|dort|allí|là-bas)\b(?!'| is| are| was| were)", re.IGNORECASE
)
_STRONG: Final = lazy(
    r"\b(?:it|its|they|them|their|he|she|him|his|her|that one|this one|the (?:first|second|last|other|former|latter))\b"
)


def _resolve(request: str, text: str, before: str) -> StandAlone:
    """A pronoun is replaced when the old request is about one named thing; else a model is needed."""
    about = _ABOUT.search(_STOP.sub("", before).strip())
    topic = next((g for g in about.groups() if g), "").strip() if about else ""
    named = _NAME.search(topic)
    name = named[0] if named and named.end() == len(topic) else ""
    spots = list(_PRONOUN.finditer(text))
    places = list(_THERE.finditer(text))
    if name and len(spots) + len(places) == 1:
        found = (spots or places)[0]
        word = found[0].lower()
        possessive = word in _POSSESSIVE or (word == "her" and re.match(r"\s+\w", text[found.end() :]) is not None)
        value = f"in {name}" if places else name + "'s" if possessive else name
        return StandAlone(
            text[: found.start()] + value + text[found.end() :],
            changed=True,
            needs_model=False,
            how=f"'{word}' is {name}",
        )
    return StandAlone(request, changed=False, needs_model=_STRONG.search(text.lower()) is not None)
