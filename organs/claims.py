"""Splits a draft into the statements in it that can be true or false; questions, offers, code and advice are none."""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import re
from typing import Final

from adapters.patterns import lazy

MAX_CLAIMS: Final = 24  # of one draft; a longer one is measured on its first statements
_FENCE: Final = lazy(r"```.*?(?:```|$)|~~~.*?(?:~~~|$)", re.DOTALL)
_LINE_MARK: Final = lazy(r"^\s{0,8}(?:[-*+•]|\d{1,2}[.)]|#{1,6}|>)\s+")
# A full stop ends a sentence unless it follows an initial, a number in a list or a usual abbreviation.
_ABBREVIATION: Final = lazy(
    r"\b(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|approx|no|fig|jr|sr|inc|ltd|co|u\.s|u\.k|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|"
    r"z\.b|bzw|ca|nr|usw|d\.h|sog|p\.ej|aprox|env|cf|[a-z])\.$",
    re.IGNORECASE,
)
_BREAK: Final = lazy(r"(?<=[.!?…。！？])[\"”’»)\]]*\s+(?=[\"“«„(\[]?[\w¿¡])")
_CLAUSE: Final = lazy(r";\s+|,\s+(?:but|while|whereas|aber|während|pero|mientras que|mais|tandis que)\s+")

_QUESTION: Final = lazy(r"[?？]\W*$")
# Offers, courtesy, advice and talk about the answer itself: nothing in them can be checked against the world.
_NO_CLAIM: Final = lazy(
    r"^(?:(?:sure|certainly|of course|absolutely|great|okay|ok|yes|no|thanks?(?: you)?|hello|hi|hey|sorry|good (?:morning|question)|you'?re welcome|"
    r"gern(?:e)?|natürlich|klar|hallo|danke|entschuldigung|claro|por supuesto|hola|gracias|lo siento|bien sûr|bonjour|merci|désolé|pas de problème)[\s,.!–-]*)+$|"
    r"^(?:i(?:'m| am)? (?:can(?:not|'t)?|could|will|would|'d|hope|think you|am happy|happy|glad|sorry|don't (?:know|have)|do not (?:know|have)|not (?:sure|able)|understand|apologi[sz]e|suggest|recommend|am not (?:sure|able))|"
    r"i'(?:m|d|ll)\b|let me|let us|let's|feel free|please|here (?:is|are|'s)|below (?:is|are)|hope this|if you (?:want|need|like|have|would|could|share|send|tell|prefer)|would you|do you|"
    r"ich (?:kann|könnte|hoffe|weiß (?:es )?nicht|helfe|empfehle)|hier (?:ist|sind)|wenn du|bitte|lass|gern|puedo|aquí (?:tienes|está)|si (?:quieres|necesitas)|por favor|espero|no (?:sé|estoy seguro)|"
    r"je (?:peux|suis (?:désolé|là)|ne (?:sais|peux))|voici|si vous|si tu|n'hésite|j'espère|s'il)\b",
    re.IGNORECASE,
)
_COMMAND: Final = lazy(
    r"^(?:first,? |then,? |next,? |finally,? |now,? |also,? |and |zuerst |dann |luego |primero |puis |d'abord )*(?:use|run|open|click|press|type|enter|select|choose|go to|add|remove|delete|put|pour|boil|heat|mix|stir|take|make sure|remember|try|check|"
    r"summari[sz]e|explain|describe|translate|give|show|list|find|compare|draft|remind|send|help|install|create|write|read|call|ask|tell|consider|keep|avoid|start|stop|set|see|note|turn|wait|repeat|replace|copy|paste|save|close|practi[sc]e|speak|drink|rest|breathe|talk|contact|"
    r"verwende|nutze|öffne|klicke?|drücke|gib|wähle|füge|lösche|nimm|achte|versuche?|prüfe|starte|erstelle|schreib|"
    r"usa|abre|haz|pulsa|escribe|elige|añade|elimina|toma|intenta|comprueba|crea|utilise[rz]?|ouvre[rz]?|clique[rz]?|appuie|ajoute[rz]?|supprime[rz]?|prends|essaie|vérifie[rz]?|crée[rz]?)\b",
    re.IGNORECASE,
)
_HAS_WORD: Final = lazy(r"[^\W_]")


def sentences(text: str) -> list[str]:
    """Sentences of a text, list items and lines apart; abbreviations do not end one."""
    out: list[str] = []
    for line in text.splitlines():
        line = _LINE_MARK.sub("", line).strip()
        if not line:
            continue
        pieces = _BREAK.split(line)
        held = ""
        for piece in pieces:
            held = f"{held} {piece}" if held else piece
            if _ABBREVIATION.search(held[-12:]):
                continue
            out.append(held.strip())
            held = ""
        if held:
            out.append(held.strip())
    return out


def plain(text: str) -> str:
    """Markdown's signs taken off; the words stay."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"[*_]{1,3}(?=\S)(.+?)(?<=\S)[*_]{1,3}", r"\1", text)
    return re.sub(r"`([^`]*)`", r"\1", text)


def split_claims(draft: str, *, request: str = "") -> tuple[str, ...]:
    """The checkable statements of a draft, in order, at most MAX_CLAIMS.

    A fragment that only answers ("Ulaanbaatar.") is set beside its question, so that it says something by itself.
    """
    text = plain(_FENCE.sub(" ", draft[:20_000]))
    found: list[str] = []
    for sentence in sentences(text):
        if not _HAS_WORD.search(sentence) or _QUESTION.search(sentence):
            continue
        if sentence.endswith(":") or _NO_CLAIM.search(sentence) or _COMMAND.search(sentence):
            continue
        parts = _CLAUSE.split(sentence)
        whole = len(parts) == 1 or any(len(p.split()) < 4 for p in parts)
        found += [sentence] if whole else [p.strip(" ,;") for p in parts]
    claims = [c for c in found if len(c) >= 2]
    if len(claims) == 1 and len(claims[0].split()) <= 5 and request and "?" in request:
        question = re.sub(r"^[\W]+|[\s?¿!.]+$", "", request)
        claims = [f"{question}: {claims[0]}"]
    return tuple(claims[:MAX_CLAIMS])
