"""Words of a text and the small signs in them that settle agreement: numbers, names, denial, opposites; no model.

Used to cluster answers by meaning (`adapters/meaning.py`) and to check claims against evidence (`organs/grounding.py`).
"""

from __future__ import annotations

# ruff: noqa: E501 (tables of alternatives read better unbroken)
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PENN: Final = (("-LRB-", "("), ("-RRB-", ")"), ("-LSB-", "["), ("-RSB-", "]"), ("``", '"'), ("''", '"'), ("-COLON-", ":"), (" n't", "n't"), (" 's", "'s"), ("--", "–"))  # fmt: skip
_TOKEN: Final = re.compile(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|%)?|[^\W\d_]+(?:['’][^\W\d_]+)?")

STOP: Final = frozenset(
    "a an the and or but if of to in on at by for from with as is are was were be been being am do does did done have has had having it its he she they them his her their him "
    "this that these those there here who whom which what when where why how i me my we us our you your so than then too very can could will would shall should may might must "
    "also just about into over out up down off such only own same both each few more most other some any all not no nor s t d ll re ve m n't one's itself himself herself themselves "
    "der die das und oder ist sind war waren ein eine einen einem einer des dem den zu von mit für auf im am es er sie sich auch als wird wurde hat nicht "
    "el la los las un una y o de del que en es son era fue por para con se su sus lo al como no más "
    "le les des du et ou à au aux est sont était dans sur pour par avec il elle ils qui que ce cette ne pas se son sa ses".split()
)
_NEGATION: Final = frozenset(
    "not no never none neither nor nobody nothing nowhere without cannot can't won't don't doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't couldn't wouldn't shouldn't n't "
    "unable failed fails fail refused refuses lack lacks lacking unlikely false untrue incapable hardly barely except nicht kein keine keinen nie niemals ohne nunca ningún ninguna jamás sin "
    "jamais aucun aucune sans".split()
)
_OPPOSITES: Final = tuple(
    tuple(pair.split("/"))
    for pair in (
        "increase/decrease rise/fall more/less more/fewer most/least before/after first/last early/late earlier/later north/south east/west northern/southern eastern/western male/female man/woman "
        "men/women boy/girl father/mother son/daughter brother/sister husband/wife king/queen actor/actress he/she his/her alive/dead born/died live/die win/lose won/lost winner/loser victory/defeat "
        "success/failure succeed/fail successful/unsuccessful accept/reject accepted/rejected approve/reject allow/forbid allowed/banned legal/illegal open/closed open/close begin/end began/ended "
        "start/finish start/end started/ended start/stop high/low higher/lower highest/lowest large/small larger/smaller largest/smallest big/small bigger/smaller long/short longer/shorter "
        "longest/shortest old/young older/younger oldest/youngest old/new new/old fast/slow rich/poor strong/weak hot/cold warm/cold wet/dry full/empty heavy/light hard/soft hard/easy easy/difficult "
        "positive/negative good/bad better/worse best/worst true/false right/wrong left/right inside/outside above/below over/under up/down top/bottom front/back near/far same/different "
        "single/married public/private domestic/foreign national/international urban/rural ancient/modern permanent/temporary always/never all/none everyone/nobody many/few several/one "
        "including/excluding buy/sell bought/sold import/export borrow/lend give/take arrive/leave arrived/left enter/leave join/leave joined/left hire/fire hired/fired attack/defend love/hate "
        "like/dislike agree/disagree remember/forget friend/enemy ally/enemy hero/villain guilty/innocent guilty/acquitted convicted/acquitted major/minor maximum/minimum majority/minority "
        "liberal/conservative democratic/republican democrat/republican protestant/catholic comedy/drama comedy/tragedy fiction/nonfiction fictional/real fictional/nonfictional fiction/documentary "
        "fictional/nonfiction solo/group solo/band singer/actor director/actor film/book film/novel movie/book film/song album/song song/album album/film television/film day/night "
        "morning/evening summer/winter spring/autumn january/december odd/even black/white carnivore/herbivore vegetarian/carnivore land/sea river/mountain lake/mountain city/country village/city "
        "island/continent professional/amateur head/tail teacher/student employer/employee seller/buyer author/reader cause/cure healthy/sick safe/dangerous present/absent visible/hidden "
        "possible/impossible able/unable known/unknown popular/unpopular common/rare cheap/expensive free/paid included/excluded enabled/disabled on/off on/under online/offline active/inactive "
        "active/retired native/foreign voluntary/mandatory optional/required required/optional mandatory/optional incoming/outgoing upper/lower"
    ).split()
)
_OPPOSITE_OF: Final[dict[str, frozenset[str]]] = {}
for _a, _b in _OPPOSITES:
    _OPPOSITE_OF[_a] = _OPPOSITE_OF.get(_a, frozenset()) | {_b}
    _OPPOSITE_OF[_b] = _OPPOSITE_OF.get(_b, frozenset()) | {_a}

_NUMBER_WORDS: Final[Mapping[str, str]] = {
    **{w: str(i) for i, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split())},
    **{w: str(i) for i, w in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)},
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000",
    "billion": "1000000000", "twice": "2", "once": "1", "half": "0.5", "dozen": "12", "single": "1", "double": "2", "triple": "3", "decade": "10", "century": "100",
    "zwei": "2", "drei": "3", "vier": "4", "fünf": "5", "zehn": "10", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "diez": "10", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "dix": "10",
}  # fmt: skip
_IRREGULAR: Final[Mapping[str, str]] = {
    "was": "be", "won": "win", "wrote": "write", "written": "write", "made": "make", "began": "begin", "begun": "begin", "became": "become", "took": "take", "taken": "take", "gave": "give",
    "given": "give", "sold": "sell", "bought": "buy", "led": "lead", "left": "leave", "lost": "lose", "held": "hold", "born": "bear", "died": "die", "dying": "die", "dead": "die", "death": "die",
    "men": "man", "women": "woman", "children": "child", "people": "person", "wives": "wife", "lives": "life", "known": "know", "knew": "know", "grew": "grow", "grown": "grow", "sang": "sing",
    "sung": "sing", "spoke": "speak", "spoken": "speak", "ran": "run", "went": "go", "gone": "go", "built": "build", "fought": "fight", "taught": "teach", "found": "find", "met": "meet",
    "sent": "send", "film": "movie", "films": "movie", "movies": "movie", "american": "america", "united": "america", "usa": "america", "u.s": "america", "british": "britain",
    "uk": "britain", "television": "tv", "televised": "tv", "tour": "tour", "said": "say", "paid": "pay", "stood": "stand", "thought": "think", "brought": "bring", "rose": "rise", "fell": "fall",
}  # fmt: skip


def clean(text: str) -> str:
    """Penn treebank marks undone, white space folded, references taken out."""
    text = " ".join(text.split())  # first: what follows then never meets a long run of blanks
    for old, new in _PENN:
        text = text.replace(old, new)
    text = re.sub(r" ' (?=(?:ve|s|re|m|ll|d|t)\b)", "'", text)
    text = re.sub(r"\[\d{1,3}\]", " ", text)
    text = re.sub(r" ([.,;:!?)\]])", r"\1", text)
    return " ".join(text.replace("’", "'").split())


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A light English stem (plural, -ed, -ing, -ly); other languages lose at most a plural s."""
    word = word.lower().removesuffix("'s").removesuffix("s'")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending, new, least in (
        ("ies", "y", 5),
        ("sses", "ss", 5),
        ("ingly", "", 8),
        ("ing", "", 6),
        ("edly", "", 7),
        ("ied", "y", 5),
        ("ed", "", 5),
        ("es", "", 5),
        ("ly", "", 6),
        ("s", "", 4),
    ):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            base = word[: len(word) - len(ending)] + new
            if ending in {"ing", "ed"} and len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            return base.removesuffix("e") if len(base) > 4 else base
    return word.removesuffix("e") if len(word) > 4 else word


@dataclass(frozen=True, slots=True)
class Word:
    """One token: as written, its stem, and what it is."""

    text: str
    stem: str
    number: bool
    name: bool
    content: bool


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """Tokens of a cleaned text. A capital counts as a name except at the start of a sentence before a small word."""
    out: list[Word] = []
    for found in _TOKEN.finditer(text):
        raw = found[0]
        lower = raw.lower()
        opening = not out or bool(re.search(r"[.!?]", text[max(0, found.start() - 3) : found.start()]))
        if raw[0].isdigit():
            digits = re.sub(r"(?<=\d),(?=\d{3})", "", lower).rstrip("%")
            digits = re.sub(r"(?:st|nd|rd|th|s)$", "", digits)
            out.append(Word(raw, digits, True, False, True))
        elif lower in _NUMBER_WORDS and lower not in {"one", "first", "second", "single", "once", "half", "double"}:
            out.append(Word(raw, _NUMBER_WORDS[lower], True, False, True))
        else:
            name = raw[0].isupper() and lower not in STOP and (not opening or (raw.isupper() and len(raw) > 1))
            out.append(
                Word(raw, stem(raw), False, name, lower not in STOP and lower not in _NEGATION and len(lower) > 1)
            )
    return tuple(out)


def negations(tokens: Sequence[Word]) -> int:
    """How many words deny."""
    return sum(w.text.lower() in _NEGATION or w.text.lower().endswith("n't") for w in tokens)


def opposite(claim: Sequence[Word], passage: Sequence[Word]) -> int:
    """Words of the claim whose opposite stands in the passage while they themselves do not."""
    there = {w.text.lower() for w in passage} | {w.stem for w in passage}
    count = 0
    for word in claim:
        lower = word.text.lower()
        if lower in there or word.stem in there:
            continue
        if _OPPOSITE_OF.get(lower, frozenset()) & there or _OPPOSITE_OF.get(word.stem, frozenset()) & there:
            count += 1
    return count


# Kinds of which a thing usually is one: where the claim names one and the passage another, they disagree.
_KINDS: Final = (
    "january february march april may june july august september october november december",
    "monday tuesday wednesday thursday friday saturday sunday",
    "american british english scottish irish welsh canadian australian french german italian spanish portuguese dutch belgian swiss austrian swedish norwegian danish finnish polish russian "
    "ukrainian czech hungarian romanian greek turkish israeli egyptian indian pakistani chinese japanese korean thai vietnamese indonesian malaysian filipino mexican brazilian argentine colombian "
    "chilean peruvian cuban jamaican nigerian kenyan african european asian",
    "america england scotland ireland wales canada australia france germany italy spain portugal netherlands belgium switzerland austria sweden norway denmark finland poland russia ukraine "
    "hungary romania greece turkey israel egypt india pakistan china japan korea thailand vietnam indonesia malaysia philippines mexico brazil argentina colombia chile peru cuba jamaica nigeria kenya britain",
    "actor actress singer rapper songwriter musician guitarist drummer bassist pianist composer director producer screenwriter writer author novelist poet journalist politician lawyer physician "
    "doctor scientist physicist chemist biologist mathematician engineer architect painter sculptor photographer dancer model comedian footballer swimmer boxer wrestler coach businessman "
    "entrepreneur soldier general president senator governor mayor king queen prince princess priest pope",
    "mother father brother sister son daughter wife husband uncle aunt cousin grandfather grandmother nephew niece",
    "red blue green yellow black white orange purple pink brown grey gray silver gold",
    "comedy drama horror thriller action romance western documentary musical animated fantasy mystery sitcom",
    "rock pop jazz classical hip-hop country folk metal blues punk reggae soul disco electronic rap",
    "football soccer basketball baseball tennis golf hockey cricket rugby boxing swimming volleyball wrestling",
    "english french german spanish italian portuguese latin greek arabic hebrew hindi mandarin japanese russian",
    "film album song book novel series show play single episode sequel poem painting opera",
    "christian muslim jewish hindu buddhist catholic protestant atheist",
    "first second third fourth fifth sixth seventh eighth ninth tenth last",
    "north south east west northern southern eastern western central northeast northwest southeast southwest",
    "thousand million billion trillion hundred",
    "city town village county state province country island river lake mountain ocean sea desert",
    "gold silver bronze",
    "man woman boy girl men women",
    "born died married divorced",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lunes martes miércoles jueves viernes sábado domingo",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "yes no", "ja nein", "sí no", "oui non", "open closed", "offen geschlossen", "abierta cerrada abierto cerrado", "ouvert fermé ouverte fermée",
    "day week month year decade century hour minute",
)  # fmt: skip
_KIND_OF: Final[dict[str, frozenset[int]]] = {}
for _number, _row in enumerate(_KINDS):
    for _word in _row.split():
        _KIND_OF[_word] = _KIND_OF.get(_word, frozenset()) | {_number}


def kind_clash(claim: Sequence[Word], passage: Sequence[Word]) -> tuple[int, int]:
    """(members of a kind that the claim names and the passage lacks, those of them beside which the passage names
    another of the same kind)."""
    there = {w.text.lower() for w in passage}
    said = {w.text.lower() for w in claim}
    stems = {w.stem for w in passage}
    missing = clash = 0
    for word in claim:
        kinds = _KIND_OF.get(word.text.lower())
        if kinds is None or word.text.lower() in there or word.stem in stems:
            continue
        missing += 1
        if any(_KIND_OF.get(other, frozenset()) & kinds for other in there - said):
            clash += 1
    return missing, clash
