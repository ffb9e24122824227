"""Facts of the calendar and the clock, computed: weekdays, spans, ages, weeks, the time in a place."""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from adapters.patterns import lazy
from organs.when import find_date, find_delay


@dataclass(frozen=True, slots=True)
class Computed:
    """A computed answer: one short sentence, the bare value, and how it came about."""

    answer: str
    value: str
    how: str


# What may follow a question that can be computed, and says nothing more.
TAIL: Final = lazy(
    r"(?:\s*(?:=|equals?(?: to)?|ergibt|es igual a|égale|please|bitte|por favor|s'il te plaît|stp|svp|exactly|again|make|equal|font|gibt das|¿?cuánto es|ça fait combien))*\s*[?!.=…\s]*$"
)

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


def read_calendar(lower: str, now: datetime, language: str) -> Computed | None:
    """Weekday, date, span, age, week or leap year that `lower` (a request in lower case) asks for; else None."""
    body = TAIL.sub("", lower).strip()
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


def read_clock(lower: str, now: datetime, language: str) -> Computed | None:
    """The time here or in the place that `lower` asks for; else None."""
    body = TAIL.sub("", lower).strip()
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
