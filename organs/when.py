"""Dates and times in plain words (en de es fr pt it ms), read into the person's own time zone.

Reads only what is unambiguous: 03/04/2026 is either in April or in March, so it is not read at all and the person is
asked. No default time of day is made up, except for named parts of the day ("in the evening" is 19:00).
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from adapters.patterns import lazy

_MONTH_NAMES: Final = (
    "january jan januar jänner enero ene janvier janv janeiro gennaio januari",
    "february feb februar febrero février fevrier févr fevereiro febbraio februari",
    "march mar märz maerz marzo mars março marco mac",
    "april apr abril avril aprile abr",
    "may mai mayo maio maggio mei",
    "june jun juni junio juin junho giugno",
    "july jul juli julio juillet juil julho luglio julai",
    "august aug agosto ago août aout ogos",
    "september sept sep septiembre setiembre septembre setembro settembre",
    "october oct oktober okt octubre octobre outubro ottobre oktober",
    "november nov noviembre novembre novembro",
    "december dec dezember dez diciembre dic décembre decembre déc dezembro dicembre disember",
)
_DAY_NAMES: Final = (
    "monday montag lunes lundi segunda-feira segunda lunedì lunedi isnin",
    "tuesday dienstag martes mardi terça-feira terça martedì martedi selasa",
    "wednesday mittwoch miércoles miercoles mercredi quarta-feira quarta mercoledì mercoledi rabu",
    "thursday donnerstag jueves jeudi quinta-feira quinta giovedì giovedi khamis",
    "friday freitag viernes vendredi sexta-feira sexta venerdì venerdi jumaat",
    "saturday samstag sonnabend sábado sabado samedi sabato sabtu",
    "sunday sonntag domingo dimanche domenica ahad",
)
MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {n: i for i, row in enumerate(_MONTH_NAMES, 1) for n in row.split()}
)
WEEKDAYS: Final[Mapping[str, int]] = MappingProxyType({n: i for i, row in enumerate(_DAY_NAMES) for n in row.split()})

_NUMBER_ROWS: Final[Mapping[int, str]] = {
    0: "zero null cero zéro", 1: "one a an ein eine einem einer einen eins un una uno une um uma satu", 2: "two zwei dos deux dois duas due dua", 3: "three drei tres trois três tre tiga",
    4: "four vier cuatro quatre quatro quattro empat", 5: "five fünf cinco cinq cinque lima", 6: "six sechs seis sei enam", 7: "seven sieben siete sept sete sette tujuh",
    8: "eight acht ocho huit oito otto lapan", 9: "nine neun nueve neuf nove sembilan", 10: "ten zehn diez dix dez dieci sepuluh", 11: "eleven elf once onze undici sebelas",
    12: "twelve zwölf doce douze doze dodici", 13: "thirteen dreizehn trece treize treze tredici", 14: "fourteen vierzehn catorce quatorze quattordici",
    15: "fifteen fünfzehn quince quinze quindici", 16: "sixteen sechzehn dieciséis seize dezasseis sedici", 17: "seventeen siebzehn diecisiete", 18: "eighteen achtzehn dieciocho",
    19: "nineteen neunzehn diecinueve", 20: "twenty zwanzig veinte vingt vinte venti", 30: "thirty dreißig dreissig treinta trente trinta trenta",
    40: "forty vierzig cuarenta quarante quarenta quaranta", 45: "forty-five fünfundvierzig", 50: "fifty fünfzig cincuenta cinquante cinquenta cinquanta",
    60: "sixty sechzig sesenta soixante", 90: "ninety neunzig noventa",
}  # fmt: skip
NUMBERS: Final[Mapping[str, int]] = MappingProxyType({n: v for v, row in _NUMBER_ROWS.items() for n in row.split()})

# Fixed days by name: (month, day); Easter is computed.
_NAMED: Final = (
    (
        r"christmas eve|heilig(?:er )?abend|heiligabend|nochebuena|réveillon de noël|véspera de natal|vigilia di natale",
        (12, 24),
    ),
    (r"christmas(?: day)?|xmas|weihnachten|navidad|noël|natal|natale|krismas", (12, 25)),
    (r"new year'?s eve|silvester|nochevieja|saint-sylvestre|véspera de ano novo|capodanno vigilia", (12, 31)),
    (r"new year(?:'?s(?: day)?)?|neujahr|año nuevo|nouvel an|ano novo|capodanno|tahun baru", (1, 1)),
    (r"halloween", (10, 31)),
    (r"valentine'?s(?: day)?|valentinstag|san valentín|saint-valentin", (2, 14)),
    (r"tag der deutschen einheit", (10, 3)),
    (r"(?:the )?fourth of july|independence day", (7, 4)),
    (r"bastille day", (7, 14)),
)
_EASTER: Final = lazy(r"\b(?:easter(?: sunday)?|ostern|ostersonntag|pascua|pâques|páscoa|pasqua)\b")

_M = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_W = "|".join(sorted(map(re.escape, WEEKDAYS), key=len, reverse=True))
_N = r"(?:\d{1,6}|" + "|".join(sorted((re.escape(n) for n in NUMBERS), key=len, reverse=True)) + ")"

_UNIT_ROWS: Final = {
    "minutes": "minutes? mins? minuten? minutos? minutos? minuti minuto minit",
    "hours": "hours? hrs? h stunden? horas? heures? ore ora jam",
    "days": "days? tag tage tagen días? dias? jours? giorni giorno hari",
    "weeks": "weeks? wochen? semanas? semaines? settiman[ae] minggu",
    "months": "months? monaten? monate meses mes mois mês mesi mese bulan",
    "years": "years? jahren? jahre años? ans? années? anos? anni anno tahun",
    "seconds": "seconds? secs? sekunden? segundos? secondes? secondi saat",
}
_UNITS: Final = tuple((name, lazy(rf"^(?:{'|'.join(row.split())})$")) for name, row in _UNIT_ROWS.items())
_U = "|".join(u for row in _UNIT_ROWS.values() for u in row.split())

_SHIFT_WORDS: Final = (
    (2, r"(?:the )?day after tomorrow|übermorgen|pasado mañana|après-demain|apres-demain|depois de amanhã|dopodomani|lusa"),
    (-2, r"(?:the )?day before yesterday|vorgestern|anteayer|avant-hier|anteontem|l'altro ieri|kelmarin dulu"),
    (1, r"tomorrow|tmrw|tmr|(?<!guten )(?<!am )(?<!jeden )morgen(?! früh)|morgen früh|(?<!la )(?<!por la )(?<!de la )mañana|demain|amanhã|domani|esok"),
    (-1, r"yesterday|gestern|ayer|hier|ontem|ieri|semalam"),
    (0, r"today|tonight|this (?:morning|afternoon|evening)|heute(?: abend| nachmittag| mittag| nacht)?|hoy|esta (?:tarde|noche|mañana)|aujourd'hui|ce (?:soir|matin)|cet après-midi|hoje|oggi|stasera|hari ini|malam ini"),
)  # fmt: skip
_SHIFTS: Final = tuple((days, lazy(rf"(?<![\w-])(?:{words})(?![\w])")) for days, words in _SHIFT_WORDS)

# The coming Saturday (on a Sunday, that day); "next weekend" is a week later.
_WEEKEND = lazy(
    r"(?<!\w)(?:(next|nächstes|kommendes|próximo|prochain) (?:weekend|wochenende|fin de semana|week-end|fim de semana|fine settimana)|"
    r"(?:(?:this|the|at the|on the|over the|am|dieses|este|ce|neste|questo) )?(?:weekend|wochenende|fin de semana|week-end|fim de semana|fine settimana))(?!\w)"
)

_ISO = lazy(r"\b(\d{4})-(\d{2})-(\d{2})\b(?!t)")
_NUMERIC = lazy(r"\b(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})\b")
_DAY_MONTH = lazy(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|º|°|\.)?(?: of| de| di)? ({_M})\b\.?(?:,? (?:de |of |del )?(\d{{4}}))?"
)
_MONTH_DAY = lazy(rf"\b({_M})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d|:)(?:,? (\d{{4}}))?")
_IN = lazy(
    rf"(?<!\w)(?:in|within|en|dentro de|dans|em|daqui a|tra|fra|dalam(?: masa)?) ({_N})(?: and a half)? ?({_U})(?!\w)"
)
_HALF = lazy(
    r"\b(?:in half an hour|in a half hour|in einer halben stunde|en media hora|dans une demi-heure|em meia hora|tra mezz'ora|dalam masa setengah jam)\b"
)
_FROM = lazy(rf"\b({_N}) ({_U}) (?:from (?:now|today)|hence|later|ab heute|a partir de hoy|à partir d'aujourd'hui)\b")
_AGO = lazy(rf"(?:\b({_N}) ({_U}) (?:ago|atrás|fa|lalu|yang lalu)\b)|(?:\b(?:vor|hace|il y a|há) ({_N}) ({_U})\b)")
_WEEKDAY = lazy(
    rf"\b(?:(?:on|at|by|am|an|el|le|il|na|no|pada|this|coming|diesen|kommenden|este|ce|questo|hari)? ?)?"
    rf"(next |nächsten |nächster |próxim[oa] |prossim[oa] )?\b({_W})\b( next week| nächste woche| de la semana que viene| que viene| próximo| prochain| de la semaine prochaine| prossimo| depan)?"
)
_NEXT = lazy(
    r"\b(?:next (week|month|year)|(?:nächste|nächsten|nächstes|kommende) (woche|monat|jahr)|la (semana) que viene|el (mes|año) que viene|la (semaine) prochaine|le (mois) prochain|l'(année) prochaine|(minggu|bulan|tahun) depan)\b"
)
_NEXT_UNIT: Final = {
    "week": "weeks", "woche": "weeks", "semana": "weeks", "semaine": "weeks", "minggu": "weeks", "month": "months",
    "monat": "months", "mes": "months", "mois": "months", "bulan": "months", "year": "years", "jahr": "years",
    "año": "years", "année": "years", "tahun": "years",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Something read out of a text, and where it stood."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FoundDate(Found):
    day: date
    year_given: bool = True


@dataclass(frozen=True, slots=True)
class FoundTime(Found):
    at: time
    settled: bool  # False where "nine" may be morning or evening


@dataclass(frozen=True, slots=True)
class FoundMoment(Found):
    at: datetime  # aware


def number(word: str) -> int | None:
    """A count in digits or words, None where it is neither."""
    return int(word) if word.isdigit() else NUMBERS.get(word)


def unit(word: str) -> str | None:
    """The `relativedelta` keyword for a word of time."""
    return next((name for name, pattern in _UNITS if pattern.match(word)), None)


def _safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _dated(
    found: re.Match[str], day: str, month: str, year: str | None, today: date, *, future: bool
) -> FoundDate | None:
    number_of_month = MONTHS[month]
    if year is not None:
        exact = _safe(int(year), number_of_month, int(day))
        return None if exact is None else FoundDate(found.start(), found.end(), exact)
    for candidate in range(today.year, today.year + 9):  # 29 February comes at most 8 years later
        guess = _safe(candidate, number_of_month, int(day))
        if guess is not None and (not future or guess >= today):
            return FoundDate(found.start(), found.end(), guess, year_given=False)
    return None


def find_date(text: str, today: date, *, future: bool = True) -> FoundDate | None:
    """The first date in lower-case `text`; one without a year is the next to come when `future`."""
    if found := _ISO.search(text):
        exact = _safe(int(found[1]), int(found[2]), int(found[3]))
        return None if exact is None else FoundDate(found.start(), found.end(), exact)
    if found := _NUMERIC.search(text):
        first, second = int(found[1]), int(found[3])
        year = int(found[4]) + (2000 if len(found[4]) == 2 else 0)
        dotted = found[2] == "."
        if not dotted and first <= 12 and second <= 12 and first != second:
            return None  # day or month first: not ours to guess
        exact = _safe(year, second, first) if dotted or second <= 12 else _safe(year, first, second)
        return None if exact is None else FoundDate(found.start(), found.end(), exact)
    if found := _DAY_MONTH.search(text):
        return _dated(found, found[1], found[2], found[3], today, future=future)
    if found := _MONTH_DAY.search(text):
        return _dated(found, found[2], found[1], found[3], today, future=future)
    for days, pattern in _SHIFTS:
        if found := pattern.search(text):
            return FoundDate(found.start(), found.end(), today + timedelta(days=days))
    if found := _WEEKEND.search(text):
        saturday = today + timedelta(days=(5 - today.weekday()) % 7 if today.weekday() != 6 else 0)
        return FoundDate(found.start(), found.end(), saturday + timedelta(days=7 if found[1] else 0))
    for pattern in (_FROM, _IN):
        if found := pattern.search(text):
            moved = _moved(today, found[1], found[2], 1)
            if moved is not None:
                return FoundDate(found.start(), found.end(), moved)
    if found := _AGO.search(text):
        moved = _moved(today, found[1] or found[3], found[2] or found[4], -1)
        if moved is not None:
            return FoundDate(found.start(), found.end(), moved)
    for words, (month, day) in _NAMED:
        if found := re.search(rf"(?<![\w])(?:{words})(?![\w])(?: (\d{{4}}))?", text):
            year = int(found[1]) if found[1] else today.year
            named = date(year, month, day)
            if not found[1] and future and named < today:
                named = date(year + 1, month, day)
            return FoundDate(found.start(), found.end(), named, year_given=bool(found[1]))
    if found := _EASTER.search(text):
        given = re.match(r" (\d{4})\b", text[found.end() :])
        year = int(given[1]) if given else today.year
        if not 1583 <= year <= 4099:
            return None
        sunday = easter(year)
        if given is None and future and sunday < today:
            sunday = easter(today.year + 1)
        return FoundDate(found.start(), found.end(), sunday, year_given=given is not None)
    if found := _WEEKDAY.search(text):
        ahead = (WEEKDAYS[found[2]] - today.weekday()) % 7 or 7
        later = found[3] or ""
        if "week" in later or "woche" in later or "semana" in later or "semaine" in later:
            monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
            return FoundDate(found.start(), found.end(), monday + timedelta(days=WEEKDAYS[found[2]]))
        return FoundDate(found.start(), found.end(), today + timedelta(days=ahead))
    if found := _NEXT.search(text):
        word = next(g for g in found.groups() if g)
        moved = _moved(today, "1", None, 1, keyword=_NEXT_UNIT[word])
        if moved is not None:
            return FoundDate(found.start(), found.end(), moved)
    return None


def _moved(today: date, count: str, word: str | None, sign: int, *, keyword: str | None = None) -> date | None:
    amount = number(count)
    keyword = keyword or (unit(word) if word else None)
    if amount is None or keyword not in {"days", "weeks", "months", "years"}:
        return None
    try:
        return today + relativedelta(**{keyword: sign * amount})  # type: ignore[arg-type]
    except (OverflowError, ValueError):
        return None


_HOUR = r"(?:\d{1,2}|" + "|".join(
    sorted((re.escape(n) for n, v in NUMBERS.items() if v <= 12 and n not in {"a", "an", "un", "ein"}), key=len, reverse=True)
) + ")"  # fmt: skip
_MINUTE = r"(?:\d{2}|" + "|".join(
    sorted((re.escape(n) for n, v in NUMBERS.items() if v in {5, 10, 15, 20, 30, 40, 45, 50}), key=len, reverse=True)
) + ")"  # fmt: skip
_PM = lazy(
    r"\b(?:pm|p\.m\.|in the (?:afternoon|evening)|at night|tonight|this (?:evening|afternoon)|nachmittags?|abends?|de la (?:tarde|noche)|esta (?:tarde|noche)|de l'après-midi|du soir|ce soir|da (?:tarde|noite)|di sera|del pomeriggio|stasera|petang|malam)\b"
)
_AM = lazy(
    r"\b(?:am|a\.m\.|in the morning|this morning|morgens|früh|vormittags?|de la mañana|du matin|ce matin|da manhã|di mattina|del mattino|pagi)\b"
)
_AT = r"(?:(?<!\w)(?:at|by|around|um|gegen|ab|a las?|a la|sobre las|à|vers|às|pelas|alle(?: ore)?|all'|verso le|pukul|jam) ?)"

_CLOCK = lazy(rf"{_AT}?\b([01]?\d|2[0-3])[:.]([0-5]\d)(?: ?(?:uhr|h|hrs?|o'clock))?(?![\d.]|:\d)")
_FRENCH = lazy(r"(?:à |vers )?\b([01]?\d|2[0-3]) ?h(?:eures?)? ?([0-5]\d)?(?!\w)")
_AMPM = lazy(r"(?:at |by |around )?\b(1[0-2]|0?[1-9])(?::([0-5]\d))? ?(?:(am|a\.m\.)|(pm|p\.m\.))(?!\w)")
_PAST = lazy(
    rf"(?:at |by )?\b(half past|quarter past|quarter to|(?:five|ten|twenty|\d{{1,2}}) past|(?:five|ten|twenty|\d{{1,2}}) to) ({_HOUR})\b"
)
_DE = lazy(rf"(?:um |gegen )?\b(halb|viertel nach|viertel vor|dreiviertel) ({_HOUR})\b(?: uhr)?")
_SPOKEN = lazy(
    rf"{_AT}({_HOUR})\b(?: ?(?:o'clock|uhr|horas?|heures?|ore))?"
    rf"(?: (y media|y cuarto|menos cuarto|et demie?|et quart|moins le quart|e meia|e mezza|e un quarto|meno un quarto|(?:y |e )?{_MINUTE}))?(?! ?(?:{_U})\b)(?![\w%])"
)
_UHR = lazy(rf"\b({_HOUR}) (?:uhr|o'clock|heures|horas)(?: ({_MINUTE}))?\b")
_PARTS: Final = (
    (lazy(r"\b(?:noon|midday|mittags?|mediodía|al mediodía|midi|meio-dia|mezzogiorno|tengah hari)\b"), time(12), True),
    (lazy(r"\b(?:midnight|mitternacht|medianoche|minuit|meia-noite|mezzanotte|tengah malam)\b"), time(0), True),
    (lazy(r"\b(?:tonight|heute nacht|esta noche|ce soir|heute abend|stasera|malam ini)\b"), time(20), True),
    (lazy(r"\b(?:(?:in the |this |tomorrow |\w+day )morning|morgen früh|(?:am |\w+)(?:vor)?mittags?|vormittags?|por la mañana|dans la matinée|(?:demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) matin|de manhã|domattina|di mattina|esok pagi)\b"), time(9), True),
    (lazy(r"\b(?:(?:in the |this |tomorrow |\w+day )afternoon|nachmittags?|por la tarde|esta tarde|l'après-midi|cet après-midi|à tarde|nel pomeriggio|petang)\b"), time(15), True),
    (lazy(r"\b(?:(?:in the |this |tomorrow |\w+day )(?:evening|night)|abends?|morgen abend|por la noche|dans la soirée|(?:demain|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) soir|à noite|di sera)\b"), time(19), True),
)  # fmt: skip


def find_time(text: str) -> FoundTime | None:
    """The first time of day in lower-case `text`, with "half past", "halb neun", "nueve y media" and the like."""
    if found := _AMPM.search(text):
        hour = int(found[1]) % 12 + (12 if found[4] else 0)
        return FoundTime(found.start(), found.end(), time(hour, int(found[2] or 0)), settled=True)
    if found := _CLOCK.search(text):
        return _turned(text, found, int(found[1]), int(found[2]), spoken=False)
    if found := _PAST.search(text):
        hour = number(found[2]) or 0
        word = found[1]
        minutes = 30 if word.startswith("half") else 15 if word.startswith("quarter") else number(word.split()[0]) or 0
        total = (hour % 24) * 60 + (-minutes if word.endswith(" to") else minutes)
        return _turned(text, found, total // 60 % 24, total % 60, spoken=True)
    if found := _DE.search(text):
        hour = number(found[2]) or 0
        total = hour * 60 + {"halb": -30, "viertel nach": 15, "viertel vor": -15, "dreiviertel": -15}[found[1]]
        return _turned(text, found, total // 60 % 24, total % 60, spoken=True)
    if (found := _FRENCH.search(text)) and (found[2] or "heure" in found[0] or re.search(r"\d ?h$", found[0])):
        if found[0].rstrip().endswith("h") and re.match(r"\s*(?:ago|later)", text[found.end() :]):
            return None
        extra = re.match(r" (et demie?|et quart|moins le quart)\b", text[found.end() :])
        if extra:
            return _joined(text, found.start(), found.end() + extra.end(), int(found[1]), extra[1])
        return _turned(text, found, int(found[1]), int(found[2] or 0), spoken=False)
    for pattern in (_SPOKEN, _UHR):
        if found := pattern.search(text):
            spoken = number(found[1])
            if spoken is not None and spoken <= 24:
                return _joined(text, found.start(), found.end(), spoken % 24, found[2])
    for pattern, at, settled in _PARTS:
        if found := pattern.search(text):
            return FoundTime(found.start(), found.end(), at, settled)
    return None


def _joined(text: str, start: int, end: int, hour: int, extra: str | None) -> FoundTime:
    minutes = 0
    if extra:
        if extra in {"y media", "et demi", "et demie", "e meia", "e mezza"}:
            minutes = 30
        elif extra in {"y cuarto", "et quart", "e un quarto"}:
            minutes = 15
        elif extra in {"menos cuarto", "moins le quart", "meno un quarto"}:
            minutes = -15
        else:
            minutes = number(extra.removeprefix("y ").removeprefix("e ")) or 0
    total = hour * 60 + minutes
    return _shifted(text, start, end, total // 60 % 24, total % 60, spoken=True)


def _turned(text: str, found: re.Match[str], hour: int, minute: int, *, spoken: bool) -> FoundTime:
    return _shifted(text, found.start(), found.end(), hour, minute, spoken=spoken)


def _shifted(text: str, start: int, end: int, hour: int, minute: int, *, spoken: bool) -> FoundTime:
    """Apply "in the evening" and its kin; a bare hour up to twelve stays open (`settled` False)."""
    evening, morning = _PM.search(text), _AM.search(text)
    part = evening or morning
    if part is not None and 0 <= part.start() - end <= 2:
        end = part.end()
    if 1 <= hour <= 11 and evening:
        return FoundTime(start, end, time(hour + 12, minute), settled=True)
    if morning:
        return FoundTime(start, end, time(hour % 24, minute), settled=True)
    return FoundTime(start, end, time(hour, minute), settled=hour > 12 or hour == 0 or not spoken)


def find_delay(text: str, now: datetime) -> FoundMoment | None:
    """ "in 20 minutes", "in half an hour", "en dos horas": a moment counted from `now`."""
    if found := _HALF.search(text):
        return FoundMoment(found.start(), found.end(), _added(now, timedelta(minutes=30)))
    for pattern in (_IN, _FROM):
        found = pattern.search(text)
        if found is None:
            continue
        amount, keyword = number(found[1]), unit(found[2])
        if amount is None or keyword not in {"minutes", "hours", "seconds"} or amount > 100_000:
            continue
        delta = timedelta(**{keyword: amount})
        if "and a half" in found[0]:
            delta += timedelta(**{keyword: 0.5})
        return FoundMoment(found.start(), found.end(), _added(now, delta))
    return None


def _added(now: datetime, delta: timedelta) -> datetime:
    """Real elapsed time: through UTC, so that a change of the clocks in between does not count."""
    return (now.astimezone(UTC) + delta).astimezone(now.tzinfo)


def at_day(day: date, at: time, now: datetime) -> datetime:
    """A local wall-clock moment; one that the clocks skip moves forward by the skipped hour."""
    local = datetime.combine(day, at, tzinfo=now.tzinfo)
    return local.astimezone(UTC).astimezone(now.tzinfo)


def resolve(day: date | None, at: FoundTime, now: datetime) -> datetime:
    """The moment meant by a time of day with or without a date.

    An open hour ("nine") is the next one to come today; on another day it is taken as said, but 1 to 6 as afternoon.
    """
    today = now.date()
    if day is None:
        choices = [at_day(today, at.at, now)]
        if not at.settled and at.at.hour < 12:
            choices.append(at_day(today, at.at.replace(hour=at.at.hour + 12), now))
        for choice in choices:
            if choice > now:
                return choice
        return at_day(today + timedelta(days=1), at.at, now)
    first = at_day(day, at.at, now)
    if at.settled or at.at.hour >= 12:
        return first
    later = at_day(day, at.at.replace(hour=at.at.hour + 12), now)
    if day == today:
        return first if first > now else later
    return later if 1 <= at.at.hour <= 6 else first
