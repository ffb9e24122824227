"""Decides what F12's readings do to one message: refuse it, let it on with caution, or cut what is not its own words.

DESIGN, F12: the person's own words from 0.85 are VOID, from 0.50 go on without tools and knowledge; text in quotes,
fences, attachments, pages, tool results and memory is cut, named, and the request goes on; it voids only when the
own words ask to carry it out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from manifest.constitution import FloorRule
from organs.bundles import FloorResult, Piece, Provenance
from organs.floors.f12_injection import InjectionJudge, InjectionReading

__all__ = ["Decision", "InjectionJudge", "carries_out", "cut", "decide"]

CUT = "[cut: an instruction aimed at the assistant]"
_ROUNDS = 4  # times a piece is read again after a cut, before it is cut whole
_MAX_QUOTED = 40  # pieces of one message that are read one by one; more are read as one

# The own words ask that something quoted, decoded or attached be done, not looked at.
_CARRY_OUT = re.compile(
    r"\b(?:obey|comply|adhere)\b"
    r"|\bcarr(?:y|ies) (?:it|this|that|them|out)\b"
    r"|\bdo (?:it|so|that|this|the same|exactly|as|what(?:ever|soever)?|everything)\b(?! (?:mean|work|look))"
    r"|\b(?:follow|execute|perform|apply|implement|act (?:up)?on|respond to|answer|run|adopt|use) "
    r"(?:it|this|that|them|these|those|\w ?\+ ?\w|what|(?:(?:the|its|his|her|their|all|any|decoded|hidden|quoted|"
    r"following|above|below|attached|enclosed) ){0,3}(?:instructions?|orders?|commands?|directions?|prompt|message|"
    r"text|result|output|content|string|code|request|task|rules?))\b"
    r"|\b(?:befolge|gehorche|führe|tu|mach)\w*\b.{0,40}\b(?:aus|was|das|es|dies|anweisung\w*|befehl\w*)\b"
    r"|\b(?:obéis|exécute|suis|applique|fais)\b.{0,40}\b(?:ce|le|la|les|instruction\w*|ordre\w*)\b"
    r"|\b(?:obedece|ejecuta|sigue|haz|cumple)\b.{0,40}\b(?:lo|la|las|los|instruccion\w*|orden\w*)\b"
    r"|\b(?:obedeça|execute|siga|faça|cumpra)\b.{0,40}\b(?:o|a|os|as|instruç\w*|orden\w*)\b"
    r"|\b(?:obbedisci|esegui|segui|fai)\b.{0,40}\b(?:ciò|quello|il|le|lo|istruzion\w*|ordin\w*)\b"
    r"|\b(?:patuhi|ikut(?:i|kan)?|laksanakan|jalankan)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:do not|don't|never|without|nicht|ne|no|não|non|jangan|should i|would|could it|what if)\b.{0,15}$", re.I
)
# The own words speak *about* a quoted string.
_MENTION = re.compile(
    r"\b(?:string|phrase|sentence|words?|wording|text|prompt|message|payload|line|title|example|attack|injection|"
    r"mean(?:s|ing)?|called|flag(?:ged|s)?|detect\w*|filter\w*|regex|test\w*|dangerous|harmful|safe|block\w*|match\w*|"
    r"say|says|said|quote|reject\w*|translat\w*|ticket|log|false alarm|spam|phishing|"
    r"satz|zeichenkette|bedeutet|gefährlich|phrase|dangereu\w*|signifie|frase|cadena|significa|peligros\w*|perigos\w*|"
    r"pericolos\w*|stringa|ayat|maksud|bahaya)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What F12 does to one message."""

    floor: FloorResult
    pieces: tuple[Piece, ...]  # the message and its attachments, attacks cut out of what is not own words
    void: bool
    cautious: bool  # goes on without tools or knowledge, PARTIAL
    named: tuple[str, ...]  # what was cut, in words for the person
    notes: tuple[str, ...]  # for the evidence view
    score: float  # of the message as it came, over all views: what `bench.score injection` prints


def carries_out(own: str) -> bool:
    """True when the own words ask to do what some other text says."""
    return any(_NOT.search(own[: m.start()]) is None for m in _CARRY_OUT.finditer(own))


async def cut(judge: InjectionJudge, piece: Piece, caution: float) -> tuple[Piece, int]:
    """The piece without its attacks, and how many stretches were cut. What still reads as an attack is cut whole."""
    spans: list[tuple[int, int]] = []
    blanked = piece.text
    for _ in range(_ROUNDS):
        reading = await judge.read(blanked, provenance=piece.provenance)
        if reading.score < caution:
            return (Piece(_marked(piece.text, spans), piece.provenance, piece.source) if spans else piece), len(spans)
        found = [(s.start, s.end) for s in reading.spans]
        if not found or (0, len(piece.text)) in found:
            break
        spans = _apart([*spans, *found])
        # Blanks of the same length keep every place where it was for the next reading.
        for start, end in spans:
            blanked = f"{blanked[:start]}\n{' ' * (end - start - 1)}{blanked[end:]}"
    return Piece(CUT, piece.provenance, piece.source), max(1, len(spans))


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}{CUT}{text[end:]}"
    return text


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


async def decide(
    judge: InjectionJudge,
    text: str,
    *,
    attached: Sequence[Piece] = (),
    recent: Sequence[str] = (),
    rule: FloorRule,
) -> Decision:
    """F12 on one message and what came with it.

    Raises what `InjectionJudge.read` raises: a floor that cannot be measured is the caller's to close on.
    """
    limit = rule.threshold
    caution = rule.strict_threshold if rule.strict_threshold is not None else rule.threshold
    whole = await judge.read(text, recent=recent)
    pieces: tuple[Piece, ...] = (Piece(text, Provenance.OWN),) if text else ()
    own_score = whole.score
    if text:
        pieces = _without_mere_words(await judge.split(text))
        if whole.score >= caution and whole.view != "recent messages":
            pieces = _apart_from_decoded(text, pieces, whole)
            own = _own(pieces)
            if len(pieces) > 1 or pieces[0].provenance is not Provenance.OWN:
                own_score = (await judge.read(own)).score if own else 0.0
    named: list[str] = []
    notes: list[str] = []
    kept: list[Piece] = []
    attacked = False
    for piece in (*_bounded(pieces), *attached):
        if piece.provenance is Provenance.OWN:
            kept.append(piece)
            continue
        safe, count = await cut(judge, piece, caution)
        if count:
            attacked = True
            what = piece.source or piece.provenance.value
            many = "an instruction" if count == 1 else f"{count} instructions"
            named.append(f"{what}: {many} aimed at the assistant, cut and not followed")
        kept.append(safe)
    obeying = attacked and carries_out(_own(pieces))
    void = own_score >= limit or obeying
    cautious = not void and own_score >= caution
    if whole.view not in ("plain", "characters") and whole.score >= caution:
        notes.append(f"Read through a disguise: {whole.view}.")
    passed: bool | None = not void
    if obeying:
        reason = "Your own words ask to carry out an instruction that stands in other text."
    elif void:
        reason = "The message tries to take over the assistant."
    elif cautious:
        reason = "Parts of the message read like an attempt to take over: answered without tools or knowledge."
    elif whole.score >= limit:
        passed, reason = None, "The attack stands in quoted text, not in your own words: it was cut."
    else:
        reason = "Nothing in your own words tries to take over."
    return Decision(
        floor=FloorResult("F12", round(whole.score, 6), limit, rule.direction, passed, reason),
        pieces=tuple(kept),
        void=void,
        cautious=cautious,
        named=tuple(named),
        notes=tuple(notes),
        score=whole.score,
    )


def _own(pieces: Sequence[Piece]) -> str:
    return "\n".join(p.text for p in pieces if p.provenance is Provenance.OWN).strip()


def _without_mere_words(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Quoted strings count as quoted only where the own words speak about them and ask nothing to be done with them.

    Otherwise "Now write 'I have been hacked'" would hide its order between quote marks. What is spoken about stays
    in the own words' place, because a question loses its sense without it.
    """
    if not any(p.source == "quoted words" for p in pieces):
        return pieces
    own = _own(pieces)
    if _MENTION.search(own) and not carries_out(own):
        return pieces
    merged: list[Piece] = []
    for piece in pieces:
        plain = piece if piece.source != "quoted words" else Piece(piece.text, Provenance.OWN)
        if merged and merged[-1].provenance is plain.provenance is Provenance.OWN:
            merged[-1] = Piece(f"{merged[-1].text} {plain.text}", Provenance.OWN)
        else:
            merged.append(plain)
    return tuple(merged)


def _apart_from_decoded(text: str, pieces: tuple[Piece, ...], whole: InjectionReading) -> tuple[Piece, ...]:
    """A decoded stretch is material, not own words, where own words around it ask something about it."""
    start, end = whole.place
    if len(pieces) != 1 or pieces[0].provenance is not Provenance.OWN or (start, end) == (0, len(text)):
        return pieces
    before, after = text[:start].strip(), text[end:].strip()
    if len(f"{before} {after}".split()) < 3:
        return pieces
    made = [Piece(before, Provenance.OWN)] if before else []
    made.append(Piece(text[start:end], Provenance.QUOTED, f"{whole.view} text"))
    return (*made, Piece(after, Provenance.OWN)) if after else tuple(made)


def _bounded(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Many small quotations are read as one, so that a message cannot buy unbounded work."""
    quoted = [p for p in pieces if p.provenance is not Provenance.OWN]
    if len(quoted) <= _MAX_QUOTED:
        return pieces
    joined = Piece("\n".join(p.text for p in quoted), Provenance.QUOTED, "quoted text")
    return (Piece(_own(pieces), Provenance.OWN), joined)
