"""Facts that a machine computes and no model is asked for: arithmetic, units, dates, the time. Earth evidence (F3).

Everything is read by a bounded grammar; what it does not read completely is not answered here.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from datetime import datetime
from fractions import Fraction
from typing import Final

from adapters.patterns import lazy
from organs.arithmetic import NotArithmeticError, evaluate, normalise, read_number, shown, words_to_number
from organs.calendar_facts import TAIL, Computed, read_calendar, read_clock
from organs.units import convert, find

_LEAD: Final = lazy(
    r"^(?:(?:hey|hi|hello|hallo|hola|bonjour|ok|okay|so|and|please|pls|quick question|quick one|trinity|bitte|por favor|s'il te plaît|stp)[\s,:!.]+)*"
    r"(?:(?:can|could|would) you (?:please )?(?:tell me |calculate |compute |work out |convert )?|(?:please )?(?:tell me|do you know|i need to know|sag mir|weißt du|kannst du mir sagen|dime|sabes|dis-moi|tu sais|diz-me|dimmi)[\s,:]+)?"
)
_ASK_SUM: Final = lazy(
    r"^(?:what(?:'s| is| are| does| do)?|how much (?:is|are|does|do)|how many (?:is|are)|calculate|compute|evaluate|solve|work out|the (?:result|value|sum|product) of|add|"
    r"was (?:ist|sind|ergibt|macht|gibt)|wie ?viel (?:ist|sind|ergibt|macht|gibt)|berechne|rechne(?: mir)?|"
    r"¿?cuánto (?:es|son|da|vale|hace)|¿?cuál es el (?:resultado|valor) de|¿?qué es|calcula|"
    r"combien (?:font|fait|ça fait|vaut)|ça fait combien|calcule|quel est le résultat de|que (?:font|vaut)|"
    r"quanto (?:é|são|dá|fa|fanno|vale)|calcola|berapa(?:kah)?|kira)\b\s*:?\s*(?:the (?:result|value|answer) (?:of|to) |das ergebnis von )?"
)  # fmt: skip


def _plain(request: str) -> str:
    text = " ".join(request.replace("’", "'").split()).strip()
    return text.lstrip("¿¡ ")


def compute(request: str, *, now: datetime, language: str) -> Computed | None:
    """The computed answer to a request, or None where it is not one of these.

    `now` is aware and in the person's own zone. At most 240 characters are read.
    """
    text = _plain(request)
    if not text or len(text) > 240:
        return None
    lower = text.lower()
    lower = _LEAD.sub("", lower, count=1).lstrip("¿ ")
    for reader in (read_clock, read_calendar, _percent, _units, _sum):
        answer = reader(lower, now, language)
        if answer is not None:
            return answer
    return None


# --- arithmetic -----------------------------------------------------------------------------------------------------


def _sum(lower: str, now: datetime, language: str) -> Computed | None:
    del now
    body = TAIL.sub("", _ASK_SUM.sub("", lower, count=1)).strip()
    if not body or not re.search(
        r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\w+zehn|\w+teen|\w+zig|\w+ty)\b|\b\w+\b", body
    ):
        return None
    try:
        value = evaluate(body, language)
    except ZeroDivisionError:
        said = {"de": "Durch null kann man nicht teilen.", "es": "No se puede dividir por cero.", "fr": "On ne peut pas diviser par zéro.",
                "pt": "Não se pode dividir por zero.", "it": "Non si può dividere per zero."}.get(language, "Division by zero is not defined.")  # fmt: skip
        return Computed(said, "undefined", "arithmetic")
    except NotArithmeticError:
        return None
    # a bare "2024-12-25" or "24/7" without a question is not a sum
    if body == lower.strip(" ?!.") and re.fullmatch(r"[\d\s/.-]+", body) and "?" not in lower and "=" not in lower:
        return None
    number, exact = shown(value.number, language, exact=value.exact)
    return Computed(f"{_pretty(body)} {'=' if exact else '≈'} {number}", number, "arithmetic")


def _pretty(body: str) -> str:
    text = normalise(body)
    text = re.sub(r"\*\*", "^", text)
    text = re.sub(r"\s*([*/+])\s*", lambda m: {"*": " × ", "/": " ÷ ", "+": " + "}[m[1]], text)
    text = re.sub(r"(?<=[\w)%!])\s*-\s*", " − ", text)
    text = re.sub(r"\s*\^\s*", "^", text)
    text = re.sub(r"√\s*", "√", text)
    text = re.sub(r"\s+%", "%", text)
    return " ".join(text.split())


_NUM: Final = r"(-?[\d][\d.,' ]*\d|\d|[a-zà-ÿ]+(?:-[a-zà-ÿ]+)*)"
_PCT: Final = r"(?:%|percent|per cent|prozent|por ciento|pour ?cent|por cento|per cento|peratus)"
_SHARE: Final = (
    lazy(rf"^(?:what|which) (?:percent(?:age)?|%) (?:of {_NUM} (?:is|are) {_NUM})$"),
    lazy(rf"^{_NUM} (?:is|are) (?:what|how many) {_PCT}(?:age)? of {_NUM}$"),
    lazy(rf"^wie ?viel {_PCT} (?:sind|ist) {_NUM} von {_NUM}$"),
    lazy(rf"^qué (?:porcentaje|{_PCT}) (?:de {_NUM} (?:es|son) {_NUM}|es {_NUM} de {_NUM})$"),
    lazy(rf"^quel pourcentage de {_NUM} (?:représente|fait|est) {_NUM}$"),
)
_CHANGE: Final = lazy(
    rf"^(?:what is |calculate )?(?:(increase|add|decrease|reduce) {_NUM} by {_NUM} ?{_PCT}|{_NUM} (plus|minus|increased by|decreased by|reduced by) {_NUM} ?{_PCT}|"
    rf"{_NUM} ?{_PCT} (off|discount on|tip on|tax on) \$?{_NUM})$"
)


def _value(text: str, language: str) -> Fraction | None:
    try:
        return read_number(text, language)
    except NotArithmeticError:
        words = words_to_number(text.split())
        return None if words is None else Fraction(words)


def _percent(lower: str, now: datetime, language: str) -> Computed | None:
    del now
    body = TAIL.sub("", lower).strip()
    for position, pattern in enumerate(_SHARE):
        found = pattern.match(body)
        if found is None:
            continue
        numbers = [v for g in found.groups() if g and (v := _value(g, language)) is not None]
        if len(numbers) != 2:
            return None
        part, whole = (
            (numbers[1], numbers[0]) if position in (0, 4) or (position == 3 and found[1]) else (numbers[0], numbers[1])
        )
        if whole == 0:
            return None
        number, exact = shown(part / whole * 100, language)
        a, b = shown(part, language)[0], shown(whole, language)[0]
        return Computed(f"{a} ÷ {b} {'=' if exact else '≈'} {number}%", f"{number}%", "percentage")
    found = _CHANGE.match(re.sub(r"^(?:what(?:'s| is)|how much is) ", "", body))
    if found is None:
        return None
    if found[1]:
        word, base, share = found[1], _value(found[2], language), _value(found[3], language)
    elif found[5]:
        word, base, share = found[5], _value(found[4], language), _value(found[6], language)
    else:
        word, base, share = found[8], _value(found[9], language), _value(found[7], language)
    if base is None or share is None:
        return None
    part = base * share / 100
    if word in {"tip on", "tax on"}:
        result, sign = part, "of"
    else:
        down = word in {"decrease", "reduce", "minus", "decreased by", "reduced by", "off", "discount on"}
        result, sign = (base - part, "−") if down else (base + part, "+")
    number, exact = shown(result, language)
    a, b = shown(base, language)[0], shown(share, language)[0]
    text = f"{b}% of {a}" if sign == "of" else f"{a} {sign} {b}%"
    return Computed(f"{text} {'=' if exact else '≈'} {number}", number, "percentage")


# --- units ----------------------------------------------------------------------------------------------------------

_U: Final = r"((?:degrees |degree |grad |grados |degrés |square |nautical |fluid |fl )?[°a-zà-ÿœ\"]+(?:/[a-z]+|\^?[23²³])?(?: per (?:hour|second)| cuadrados| carrés| hours)?)"
_N: Final = r"(-?[\d][\d.,' ]*|[a-z]+(?:-[a-z]+)?)"
_CONVERSIONS: Final = (
    (lazy(rf"^(?:convert|change|what(?:'s| is| are)|how much (?:is|are)|how long is|how far is|how hot is|how cold is|was sind|wie ?viel (?:ist|sind)|rechne|wandle|convierte|cuánto (?:es|son)|convertis|combien font|converte|converti|quanto é|quanto fa|quanti sono)? ?"
                rf"{_N} ?{_U} (?:to|in|into|as|expressed in|nach|a|en|em|ke|dalam|um)(?: (?:the )?)?{_U}(?: um)?$"), (1, 2, 3)),
    (lazy(rf"^how many {_U} (?:are |is |do |does )?(?:there )?(?:in|make|equal|are|is|per) {_N} ?{_U}(?: (?:have|contain))?$"), (2, 3, 1)),
    (lazy(rf"^how many {_U} (?:does|do) {_N} ?{_U} (?:have|contain|make|equal)$"), (2, 3, 1)),
    (lazy(rf"^wie ?viele? {_U} (?:sind|ist|hat|haben|ergeben) (?:in )?{_N} ?{_U}$"), (2, 3, 1)),
    (lazy(rf"^cuánt[oa]s {_U} (?:son|hay en|tiene[n]?|hacen|equivalen a) {_N} ?{_U}$"), (2, 3, 1)),
    (lazy(rf"^combien (?:de |d'){_U} (?:font|fait|y a-t-il dans|dans|représentent|il y a dans) {_N} ?{_U}$"), (2, 3, 1)),
    (lazy(rf"^quant[oai]s? {_U} (?:são|há em|tem|sono|ci sono in|fanno) {_N} ?{_U}$"), (2, 3, 1)),
    (lazy(rf"^berapa {_U} (?:dalam|ialah|adalah|sama dengan) {_N} ?{_U}$"), (2, 3, 1)),
)  # fmt: skip


def _units(lower: str, now: datetime, language: str) -> Computed | None:
    del now
    body = TAIL.sub("", lower).strip().replace("\u00a0", " ")
    for pattern, (n, source, target) in _CONVERSIONS:
        found = pattern.match(body)
        if found is None:
            continue
        amount = Fraction(1) if found[n] in {"a", "an"} else _value(found[n].strip(), language)
        unit_from, unit_to = find(found[source]), find(found[target])
        if amount is None or unit_from is None or unit_to is None or unit_from == unit_to:
            continue
        result = convert(amount, unit_from, unit_to)
        if result is None:
            continue
        number, exact = shown(result, language, digits=7)
        left = shown(amount, language)[0]
        return Computed(
            f"{left} {unit_from.symbol} {'=' if exact else '≈'} {number} {unit_to.symbol}",
            f"{number} {unit_to.symbol}",
            "unit conversion",
        )
    return None
