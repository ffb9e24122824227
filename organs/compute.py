"""Facts that a machine computes and no model is asked for: arithmetic, units, dates, the time. Earth evidence (F3).

Everything is read by a bounded grammar; what it does not read completely is not answered here.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from adapters.patterns import lazy
from organs.arithmetic import NotArithmeticError, evaluate, normalise, read_number, shown, words_to_number
from organs.units import convert, find
from organs.when import find_date, find_delay


@dataclass(frozen=True, slots=True)
class Computed:
    """A computed answer: one short sentence, the bare value, and how it came about."""

    answer: str
    value: str
    how: str


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
_TAIL: Final = lazy(
    r"(?:\s*(?:=|equals?(?: to)?|ergibt|es igual a|égale|please|bitte|por favor|s'il te plaît|stp|svp|exactly|again|make|equal|font|gibt das|¿?cuánto es|ça fait combien))*\s*[?!.=…\s]*$"
)


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
    for reader in (_clock, _calendar, _percent, _units, _sum):
        answer = reader(lower, now, language)
        if answer is not None:
            return answer
    return None


# --- arithmetic -----------------------------------------------------------------------------------------------------


def _sum(lower: str, now: datetime, language: str) -> Computed | None:
    del now
    body = _TAIL.sub("", _ASK_SUM.sub("", lower, count=1)).strip()
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
    body = _TAIL.sub("", lower).strip()
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
    body = _TAIL.sub("", lower).strip().replace("\u00a0", " ")
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


# --- dates ----------------------------------------------------------------------------------------------------------

_DAYS: Final = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "ms": "Isnin Selasa Rabu Khamis Jumaat Sabtu Ahad",
}
_MONTHS: Final = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "ms": "Januari Februari Mac April Mei Jun Julai Ogos September Oktober November Disember",
}


def weekday_name(day: date, language: str) -> str:
    """The day of the week in the person's language."""
    return _DAYS.get(language, _DAYS["en"]).split()[day.weekday()]


def long_date(day: date, language: str) -> str:
    """A date written out with its weekday, as the language does it."""
    month = _MONTHS.get(language, _MONTHS["en"]).split()[day.month - 1]
    name = weekday_name(day, language)
    if language == "de":
        return f"{name}, {day.day}. {month} {day.year}"
    if language in {"es", "pt"}:
        return f"{name}, {day.day} de {month} de {day.year}"
    if language in {"fr", "it"}:
        return f"{name} {day.day} {month} {day.year}"
    return f"{name}, {day.day} {month} {day.year}"


_UNTIL: Final = lazy(
    r"^(?:how many|how long|wie ?viele?|wie lange|cuánt[oa]s?|combien|quant[oai]s?|berapa)(?: more)?(?: (?:de |d')?(days|weeks|tage|wochen|días|semanas|jours?|semaines|dias|giorni|settimane|hari|minggu))?.{0,24}?"
    r"\b(?:until|till|til|to|before|left until|bis(?: zum| zur)?|hasta(?: el| la)?|para(?: el| la)?|faltan para(?: el)?|jusqu'(?:à|au)(?: la)?|avant(?: le| la)?|até(?: o| a)?|(?:mancano )?(?:a|al)|fino a|(?:lagi )?(?:sebelum|sehingga|hingga))\s+(?P<rest>.+)$"
)
_BETWEEN: Final = lazy(
    r"^(?:how many|wie ?viele?|cuánt[oa]s?|combien (?:de )?|quant[oai]s?)\s*(?:days|weeks|tage|wochen|días|semanas|jours|semaines|dias|giorni)?.{0,16}?\b(?:between|from|zwischen|von(?: dem| m)?|vom|entre(?: el| le)?|desde(?: el)?|du|de|tra(?: il)?|dal)\s+(?P<a>.+?)\s+(?:and|to|until|und(?: dem)?|bis(?: zum)?|y(?: el)?|hasta(?: el)?|et(?: le)?|au|e(?: il| o)?|al)\s+(?P<b>.+)$"
)
_SINCE: Final = lazy(
    r"^(?:how many|how long|wie ?viele?|cuánt[oa]s?|combien de|quant[oai]s?)\s*(?:days|tage|días|jours|dias|giorni)?.{0,24}?\b(?:since|seit(?: dem)?|desde(?: el)?|depuis(?: le)?|passed since)\s+(?P<rest>.+)$"
)
_WEEKDAY_OF: Final = lazy(
    r"^(?:(?:what|which) (?:day(?: of the week)?|weekday) (?:is|was|will|does|did|falls?)(?: it)?(?: be)?(?: on)?|on (?:what|which) (?:week)?day (?:is|was|does|did|will)(?: it be)?|"
    r"(?:welcher|was für ein) (?:wochen)?tag (?:ist|war|wird)(?: der| am)?|an welchem (?:wochen)?tag (?:ist|war)(?: der)?|auf welchen (?:wochen)?tag fällt(?: der)?|"
    r"(?:en )?qué día (?:de la semana )?(?:es|fue|será|cae|cayó)(?: el)?|(?:quel|c'est quel) jour (?:de la semaine )?(?:est|était|sera|tombe|tombait)?(?:-ce)?(?: le)?|"
    r"(?:em )?que dia (?:da semana )?(?:é|foi|será|cai)(?: o| a)?|che giorno (?:della settimana )?(?:è|era|sarà|cade)(?: il)?|hari apa(?:kah)?(?: pada)?)\s+(?P<rest>.+?)(?: (?:fall(?:s)? on|fall|be|on|sein))?$"
)
_TODAY: Final = lazy(
    r"^(?:(?:what(?:'s| is)|which is|tell me|give me) (?:the |today's |the current )?(?:date|day)(?: (?:is it|is today|today|of today|it is|is it today))?|what day (?:is it|is today|is it today|of the week is it(?: today)?)|(?:today's|current) date|what date is (?:it|today)(?: today)?|"
    r"(?:der wievielte ist heute|welchen tag haben wir(?: heute)?|was für ein tag ist heute|welcher tag ist heute|welches datum (?:haben wir|ist)(?: heute)?|den wievielten haben wir(?: heute)?|wie ist das (?:heutige )?datum)|"
    r"(?:qué día es hoy|qué fecha es hoy|cuál es la fecha(?: de hoy)?|a qué (?:día )?estamos(?: hoy)?|en qué fecha estamos)|"
    r"(?:quel jour sommes-nous|on est quel jour|quelle est la date(?: d'aujourd'hui| du jour)?|quelle date sommes-nous|c'est quel jour aujourd'hui|quel jour est-on|quel jour on est)|"
    r"(?:que dia é hoje|qual é a data(?: de hoje)?|che giorno è(?: oggi)?|qual è la data(?: di oggi)?|hari ini hari apa|apakah tarikh hari ini|tarikh hari ini))$"
)
_DATE_AT: Final = lazy(
    r"^(?:what(?:'s| is| will be| was)? (?:the )?(?:date|day)(?: (?:is it|will it be|was it|is|will be|was))?|which date is|welches datum (?:ist|war|haben wir)|was für ein tag ist|qué (?:fecha|día) (?:es|será|fue)|quelle (?:date|est la date) ?(?:sera-t-il|sera-ce|sera|est-ce|était)?|quel jour (?:sera-t-on|serons-nous)|que (?:data|dia) (?:é|será)|che (?:data|giorno) (?:è|sarà))\s+(?P<rest>.+)$"
)
_LEAP: Final = lazy(
    r"^(?:is|was|will)? ?(?:ist|war|es|fue|est-ce que|é|è)?\s*(\d{4})\s*(?:be )?(?:a leap year|ein schaltjahr|(?:un año )?bisiesto|(?:est |était )?(?:une année )?bissextile|(?:um ano )?bissexto|(?:un anno )?bisestile)$"
)
_DAYS_IN: Final = lazy(
    r"^how many days (?:are (?:there )?in|does|has|in)\s+(?:(february|january|march|april|may|june|july|august|september|october|november|december)\s+)?(\d{4})(?: have)?$"
)
_WEEK: Final = lazy(
    r"^(?:what|which) (?:calendar )?week(?: number)? (?:is it|is this|are we in)(?: (?:today|now))?$|^what is the (?:current )?week number$|^welche (?:kalender)?woche (?:ist|haben wir)(?: heute| gerade)?$|^qué semana (?:del año )?es$|^quelle semaine sommes-nous$"
)
_BORN: Final = lazy(
    r"^how old (?:is|am|are|would) (?:someone|somebody|a person|i|you|he|she)?\s*(?:be )?(?:if |who was |when )?(?:(?:i|he|she|they) (?:was|were) )?born (?:on|in) (.+)$"
)

_SAY: Final = {
    "until": {
        "en": "{n} days until {d}.", "de": "Noch {n} Tage bis {d}.", "es": "Faltan {n} días para el {d}.", "fr": "Il reste {n} jours jusqu'au {d}.",
        "pt": "Faltam {n} dias para {d}.", "it": "Mancano {n} giorni a {d}.", "ms": "{n} hari lagi sehingga {d}.",
    },
    "since": {
        "en": "{n} days since {d}.", "de": "{n} Tage seit {d}.", "es": "{n} días desde el {d}.", "fr": "{n} jours depuis le {d}.",
        "pt": "{n} dias desde {d}.", "it": "{n} giorni da {d}.", "ms": "{n} hari sejak {d}.",
    },
    "between": {"en": "{n} days.", "de": "{n} Tage.", "es": "{n} días.", "fr": "{n} jours.", "pt": "{n} dias.", "it": "{n} giorni.", "ms": "{n} hari."},
    "time": {
        "en": "It is {t} ({z}).", "de": "Es ist {t} Uhr ({z}).", "es": "Son las {t} ({z}).", "fr": "Il est {t} ({z}).", "pt": "São {t} ({z}).",
        "it": "Sono le {t} ({z}).", "ms": "Sekarang pukul {t} ({z}).",
    },
    "leap": {"en": "{y} is a leap year.", "de": "{y} ist ein Schaltjahr.", "es": "{y} es bisiesto.", "fr": "{y} est une année bissextile.", "pt": "{y} é bissexto.", "it": "{y} è bisestile."},
    "no_leap": {"en": "{y} is not a leap year.", "de": "{y} ist kein Schaltjahr.", "es": "{y} no es bisiesto.", "fr": "{y} n'est pas une année bissextile.", "pt": "{y} não é bissexto.", "it": "{y} non è bisestile."},
}  # fmt: skip


def _say(key: str, language: str, **values: str) -> str:
    forms = _SAY[key]
    return forms.get(language, forms["en"]).format(**values)


def _bare_date(text: str, today: date, *, future: bool) -> date | None:
    """A date that is all there is in `text`."""
    text = re.sub(
        r"^(?:the|der|dem|den|el|la|le|il|o|a|am|on|this|next|upcoming|my birthday,?)\s+(?=[\w])",
        "",
        text.strip(" ?!.,"),
    )
    found = find_date(text, today, future=future)
    if found is None:
        return None
    left = re.sub(
        r"[\s,.]|\b(?:the|on|el|le|il|der|dem|am|de|of|next|this|year|day|año|jahr|this year)\b",
        "",
        text[: found.start] + text[found.end :],
    )
    return found.day if not left else None


def _calendar(lower: str, now: datetime, language: str) -> Computed | None:
    body = _TAIL.sub("", lower).strip()
    today = now.date()
    if _TODAY.match(body):
        said = long_date(today, language)
        return Computed(said[:1].upper() + said[1:] + ".", today.isoformat(), "calendar")
    if found := _LEAP.match(body):
        year = int(found[1])
        key = "leap" if calendar.isleap(year) else "no_leap"
        return Computed(_say(key, language, y=str(year)), "yes" if key == "leap" else "no", "calendar")
    if _WEEK.match(body):
        week = today.isocalendar().week
        return Computed(f"ISO week {week} of {today.isocalendar().year}.", str(week), "calendar")
    if found := _DAYS_IN.match(body):
        year = int(found[2])
        if found[1]:
            month = _MONTHS["en"].lower().split().index(found[1]) + 1
            days = calendar.monthrange(year, month)[1]
        else:
            days = 366 if calendar.isleap(year) else 365
        return Computed(_say("between", language, n=str(days)), str(days), "calendar")
    if found := _BORN.match(body):
        born = _bare_date(found[1], today, future=False)
        if born is not None and born <= today and re.search(r"\d{4}", found[1]):
            age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
            return Computed(f"{age} years old on {today.isoformat()}.", str(age), "calendar")
    if found := _BETWEEN.match(body):
        first, second = _bare_date(found["a"], today, future=True), _bare_date(found["b"], today, future=True)
        if first is not None and second is not None:
            days = abs((second - first).days)
            return Computed(
                f"{first.isoformat()} → {second.isoformat()}: {_say('between', language, n=str(days))}",
                str(days),
                "calendar",
            )
    for pattern, key, future in ((_UNTIL, "until", True), (_SINCE, "since", False)):
        if found := pattern.match(body):
            day = _bare_date(found["rest"], today, future=future)
            if day is None:
                continue
            if key == "since" and day > today and not re.search(r"\d{4}", found["rest"]):
                day = day.replace(year=day.year - 1)
            days = (day - today).days if key == "until" else (today - day).days
            if days < 0:
                return None
            asked = found[1] if key == "until" else None
            if asked and re.match(r"week|woche|semana|semaine|settiman|minggu", asked):
                weeks, extra = divmod(days, 7)
                return Computed(
                    f"{weeks} weeks and {extra} days ({_say(key, language, n=str(days), d=long_date(day, language))})",
                    f"{weeks} weeks {extra} days",
                    "calendar",
                )
            return Computed(_say(key, language, n=str(days), d=long_date(day, language)), str(days), "calendar")
    if found := _DATE_AT.match(body):
        day = _bare_date(re.sub(r"^(?:in|on) (?=\w+day)", "", found["rest"]), today, future=True)
        if day is not None:
            return Computed(long_date(day, language) + ".", day.isoformat(), "calendar")
    if found := _WEEKDAY_OF.match(body):
        past = re.search(r"\b(?:was|did|war|fue|était|foi|era)\b", body) is not None
        day = _bare_date(found["rest"], today, future=not past)
        if day is not None:
            return Computed(f"{long_date(day, language)}.", weekday_name(day, language), "calendar")
    return None


# --- the time -------------------------------------------------------------------------------------------------------

_TIME: Final = lazy(
    r"^(?:what(?:'s| is) the (?:current |exact |local )?time|what time is it|what time do we have|do you (?:have|know) the time|(?:the )?current time|time now|what's the time|"
    r"wie spät ist es|wie viel uhr ist es|wieviel uhr ist es|welche uhrzeit (?:haben wir|ist es)|(?:qué hora es|qué horas son|me dices la hora|dime la hora|tienes hora)|"
    r"(?:quelle heure est-il|il est quelle heure|tu as l'heure|quelle heure il est)|(?:que horas são|que ora è|che ore sono|che ora è)|(?:pukul berapa(?: sekarang)?|jam berapa(?: sekarang)?))"
    r"(?: (?:right )?now| currently| at the moment| jetzt| gerade| ahora| maintenant| agora| adesso| here| hier| aquí| ici| please)*(?: ?(?:(?:right )?now )?(?:in|at|for|en|à|au|em|a|di|jetzt in|ahora en) (?P<place>[\w .'-]{2,40}?))?(?: (?:right )?now| jetzt| ahora| maintenant)?$"
)
# Countries of one zone, and names that the tz database spells differently.
_PLACES: Final = {
    "germany": "Europe/Berlin", "deutschland": "Europe/Berlin", "munich": "Europe/Berlin", "münchen": "Europe/Berlin", "hamburg": "Europe/Berlin", "frankfurt": "Europe/Berlin",
    "köln": "Europe/Berlin", "cologne": "Europe/Berlin", "france": "Europe/Paris", "frankreich": "Europe/Paris", "spain": "Europe/Madrid", "barcelona": "Europe/Madrid",
    "italy": "Europe/Rome", "italien": "Europe/Rome", "milan": "Europe/Rome", "rom": "Europe/Rome", "uk": "Europe/London", "england": "Europe/London", "londres": "Europe/London",
    "japan": "Asia/Tokyo", "japón": "Asia/Tokyo", "japon": "Asia/Tokyo", "tokio": "Asia/Tokyo", "india": "Asia/Kolkata", "indien": "Asia/Kolkata", "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata", "bangalore": "Asia/Kolkata", "china": "Asia/Shanghai", "beijing": "Asia/Shanghai", "peking": "Asia/Shanghai", "pekín": "Asia/Shanghai",
    "san francisco": "America/Los_Angeles", "seattle": "America/Los_Angeles", "california": "America/Los_Angeles", "boston": "America/New_York", "washington": "America/New_York",
    "nyc": "America/New_York", "nueva york": "America/New_York", "miami": "America/New_York", "atlanta": "America/New_York", "philadelphia": "America/New_York",
    "dallas": "America/Chicago", "houston": "America/Chicago", "austin": "America/Chicago", "geneva": "Europe/Zurich", "genf": "Europe/Zurich", "zürich": "Europe/Zurich",
    "malaysia": "Asia/Kuala_Lumpur", "kl": "Asia/Kuala_Lumpur", "south korea": "Asia/Seoul", "vienna": "Europe/Vienna", "wien": "Europe/Vienna", "viena": "Europe/Vienna",
    "lisboa": "Europe/Lisbon", "lissabon": "Europe/Lisbon", "moscú": "Europe/Moscow", "moskau": "Europe/Moscow", "moscou": "Europe/Moscow", "kiev": "Europe/Kyiv",
    "utc": "UTC", "gmt": "UTC", "são paulo": "America/Sao_Paulo", "ciudad de méxico": "America/Mexico_City", "mexico city": "America/Mexico_City", "rio": "America/Sao_Paulo",
    "rome": "Europe/Rome", "roma": "Europe/Rome", "londra": "Europe/London", "parigi": "Europe/Paris", "berlín": "Europe/Berlin", "berlino": "Europe/Berlin",
}  # fmt: skip


_ANY_DAY: Final = datetime.fromisoformat("2026-01-01T00:00:00")


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """City names of the tz database; one that stands for two zones is left out."""
    out: dict[str, str] = {}
    twice: set[str] = set()
    for zone in available_timezones():
        region, _, city = zone.rpartition("/")
        if region.split("/")[0] not in {
            "Africa",
            "America",
            "Asia",
            "Australia",
            "Atlantic",
            "Europe",
            "Indian",
            "Pacific",
        }:
            continue
        name = city.replace("_", " ").lower()
        if name in out and ZoneInfo(out[name]).utcoffset(_ANY_DAY) != ZoneInfo(zone).utcoffset(_ANY_DAY):
            twice.add(name)
        out[name] = zone
    return {name: zone for name, zone in out.items() if name not in twice}


def _clock(lower: str, now: datetime, language: str) -> Computed | None:
    body = _TAIL.sub("", lower).strip()
    found = _TIME.match(body)
    if found is None:
        return None
    moment, where = now, now.tzname() or "local time"
    place = found["place"]
    if place:
        place = place.strip().removeprefix("the ")
        zone = _PLACES.get(place) or _cities().get(place)
        if zone is None:
            return None
        moment = now.astimezone(ZoneInfo(zone))
        where = zone.rpartition("/")[2].replace("_", " ")
    if find_delay(lower, now) is not None:
        return None
    text = moment.strftime("%H:%M")
    return Computed(_say("time", language, t=text, z=where), text, "clock")
