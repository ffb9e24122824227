"""The tool that a person's own imperative names, with every argument taken word for word from what was said.

For the exchange where no model may choose: a tool is taken only where its plain words ask for the same kind of change
as the person's, share their nouns, and leave exactly one stretch of the person's words for each argument. Anything
less is no fit, and the written plan remains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adapters.cues import clean, words
from adapters.tools import schema
from organs.ports import OfferedTool
from organs.sense import sense

_PARTS: Final = re.compile(r"[_./-]+|(?<=[a-z])(?=[A-Z])")
_QUOTED: Final = re.compile(r"“([^”]{1,300})”|\"([^\"\n]{1,300})\"|„([^“”]{1,300})[“”]|`([^`\n]{1,300})`")
_AFTER: Final = re.compile(r"(?::\s+|\bthat\s+|\bdass\s+)(\S.{0,1000})$", re.DOTALL)
_URL: Final = re.compile(r"https?://[^\s<>\"']+")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_WORD: Final = re.compile(r"\S+")
_EDGES: Final = ".,;:!?()[]{}«»'"
_NUMBER: Final = re.compile(r"-?\d+")
# Words that carry nothing of an argument: articles, courtesy, possessives, prepositions, "called".
_EMPTY: Final = frozenset(
    "a an the this that my our your please pls now also just can could would will you i we us me it of in on at to for"
    " from with by and called named titled trinity want need like immediately today bitte der die das den dem ein eine"
    " einen mein meine unser unsere und mit von namens el la los las un una mi por favor le les une mon ma o os as um"
    " uma il lo gli i per di de do da tolong sila itu yang".split()
)
# More than one thing, or one that has to be looked for: nothing that words alone can name.
_MANY: Final = frozenset(
    "all every everything each both some any several many old oldest other others last latest first unused empty them"
    " those these alle jede jeden beide einige alte letzte todos todas todo tous toutes tout tutti tutte semua".split()
)
# The words with which the same change is asked for.
_VERBS: Final[Mapping[str, frozenset[str]]] = {
    "delete": frozenset(
        "delete remove erase drop destroy wipe purge clear discard lösche löschen entferne entfernen borra borrar"
        " elimina eliminar supprime supprimer efface apaga apagar exclui cancella padam hapus".split()
    ),
    "create": frozenset(
        "create add make new set write keep open note put save record schedule erstelle lege anlegen crea crear"
        " añade crée ajoute cria adiciona aggiungi tambah buat".split()
    ),
}


def fit(request: str, tools: Sequence[OfferedTool]) -> tuple[OfferedTool, Mapping[str, str]] | None:
    """The one tool that does what is asked, and its arguments as texts; None where none, or more than one, fits."""
    asked = _kind(request)
    if asked is None or any(w.casefold().strip(_EDGES) in _MANY for w in request.split()):
        return None
    found = []
    for tool in tools:
        if _kind(tool.summary) != asked or not _same_thing(request, tool):
            continue
        values = fill(request, tool)
        if values is not None:
            found.append((tool, values))
    return found[0] if len(found) == 1 else None


def fill(request: str, tool: OfferedTool) -> Mapping[str, str] | None:
    """Every required argument from the person's words, as texts; None where one is missing or could be two things."""
    known, needed = schema.properties(tool.schema), schema.required(tool.schema)
    left = request.strip()
    values: dict[str, Any] = {}
    free: list[str] = []
    for name in needed:
        took = _typed(left, known.get(name, {}))
        if took is None:
            if known.get(name, {}).get("type", "string") != "string" or "enum" in known.get(name, {}):
                return None
            free.append(name)
        else:
            values[name], left = took
    if len(free) > 1:
        return None
    if free:
        text = _rest(left, tool)
        if text is None:
            return None
        values[free[0]] = text
    elif _leftover(left, tool):
        return None  # words that belong to nothing: more was asked than the tool would do
    try:
        schema.check(values, tool.schema)
        return schema.as_texts(values, tool.schema)
    except schema.BadArguments:
        return None


def _typed(text: str, one: Mapping[str, Any]) -> tuple[Any, str] | None:
    """A value that its kind alone tells apart: one of a list, an address, a number. With the text that is left."""
    if isinstance(one.get("enum"), list):
        low = f" {text.casefold()} "
        hits = [
            e for e in one["enum"] if isinstance(e, str) and re.search(rf"(?<!\w){re.escape(e.casefold())}(?!\w)", low)
        ]
        return (hits[0], re.sub(re.escape(hits[0]), " ", text, flags=re.IGNORECASE)) if len(hits) == 1 else None
    form = {"uri": _URL, "url": _URL, "email": _EMAIL}.get(str(one.get("format")))
    if one.get("type") in ("integer", "number"):
        form = _NUMBER
    if form is None:
        return None
    hits = list(dict.fromkeys(form.findall(text)))
    if len(hits) != 1:
        return None
    return (int(hits[0]) if form is _NUMBER else hits[0].rstrip(_EDGES)), text.replace(hits[0], " ")


def _rest(text: str, tool: OfferedTool) -> str | None:
    """The one stretch that names what is meant: in quotes, after a colon, else the words that are not the tool's."""
    quoted = [next(g for g in m.groups() if g) for m in _QUOTED.finditer(text)]
    if quoted:
        return quoted[0] if len(quoted) == 1 and not _leftover(_QUOTED.sub(" ", text), tool) else None
    after = _AFTER.search(text)
    if after is not None:
        return after[1].strip().rstrip(".!") if not _leftover(text[: after.start()], tool) else None
    runs = _leftover(text, tool)
    return runs[0] if len(runs) == 1 and len(runs[0].split()) <= 3 else None


def _leftover(text: str, tool: OfferedTool) -> list[str]:
    """Stretches of words that neither the tool's own words nor courtesy account for, as they were written."""
    own = _stems(f"{_PARTS.sub(' ', tool.action)} {tool.summary} {' '.join(schema.properties(tool.schema))}")
    verbs = _VERBS.get(_kind(tool.summary) or "", frozenset())
    runs: list[list[str]] = [[]]
    for match in _WORD.finditer(text):
        word = match[0].strip(_EDGES)
        low = word.casefold()
        if not word or low in _EMPTY or low in verbs or _stems(word) & own:
            runs.append([])
        else:
            runs[-1].append(word)
        if match[0][-1] in ".;!?":
            runs.append([])
    return [" ".join(run) for run in runs if run]


def _same_thing(request: str, tool: OfferedTool) -> bool:
    """Whether the request names the thing that the tool is about: a noun of its name, or of its plain words."""
    first, *rest = [part for part in _PARTS.split(tool.action.partition(".")[2]) if part]
    nouns = _stems(" ".join(rest)) or _stems(first)
    return bool(nouns) and nouns <= _stems(request)


def _kind(text: str) -> str | None:
    """The kind of change that a sentence asks for, None where it asks for none."""
    reading = sense(text, material=False, history=())
    return reading.intent if reading.imperative else None


def _stems(text: str) -> frozenset[str]:
    return frozenset(w.stem for w in words(clean(text)) if w.content)
