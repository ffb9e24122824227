"""Personal data by pattern: cards, accounts, phones, mail, national numbers, network and street addresses, birth dates.

A pattern that can be checked (Luhn, remainders, real dates) is; the others carry a lower score, and what stands around
them ("card", "my address is") raises it.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from adapters.patterns import lazy
from router._pii import numbers
from router._pii.finding import Finding

_EMAIL: Final = lazy(r"(?<![\w.+-])[\w.+'-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w-])")
_CARD: Final = lazy(r"(?<![\d.,/\w-])\d(?:[ -]?\d){11,18}(?![\d\w]|[.,/-]\d)")
_IBAN: Final = lazy(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ -]?[A-Za-z0-9])")
_ACCOUNT_CUE: Final = lazy(r"\b(?:iban|account|konto|cuenta|compte|conta|conto|akaun)", re.IGNORECASE)
_SSN: Final = lazy(r"(?<![\d.-])\d{3}([-. ])\d{2}\1\d{4}(?![\d-]|\.\d)")
_IPV4: Final = lazy(r"(?<![\d.\w])(?:\d{1,3}\.){3}\d{1,3}(?![\d\w]|\.\d)")
_IPV6: Final = lazy(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_MAC: Final = lazy(r"(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])", re.IGNORECASE)
_PHONE: Final = lazy(
    r"(?<![\w.,/=:#$€£-])(?:(?:\+|00)\d{1,3}[ .-]?)?(?:\(\+?\d{1,5}\)[ .-]?)?\d{1,5}(?:[ .-]?\(?\d{1,5}\)?){1,5}(?:[ -]?(?:x|ext\.?|poste) ?\d{1,6})?(?![\w]|[.,:/=%]\d|-[A-Za-z]{4,}\d)",
    re.IGNORECASE,
)
_PHONE_CUE: Final = lazy(
    r"\b(?:phone|mobile|cell|tel(?:ephone|éfono|efono|efon|efone)?|fax|office|home|call(?: me| us| him| her)?(?: (?:at|on))?|reach|ring|text|sms|whatsapp|contact|dial|number is|handy|rufnummer|anrufen|erreich\w*|móvil|movil|celular|llam\w+|portable|appel\w*|telemóvel|ligar?|cellulare|chiam\w+|telefon\w*|hubungi|no\. tel)\b",
    re.IGNORECASE,
)
_CARD_CUE: Final = lazy(
    r"\b(?:card|visa|master ?card|amex|credit|debit|cvv|cvc|karte|kreditkarte|tarjeta|carte|cartão|carta di credito|kad kredit)\b",
    re.IGNORECASE,
)
_ID_CUE: Final = lazy(
    r"\b(?:ssn|social security|sin\b|tax id|tin\b|national id|id (?:card|number)|passport|driv\w+[' ]?s? licen[cs]e|licen[cs]e (?:number|no)|dl (?:number|no|#)|dni|nie|nif|cpf|cnpj|nir|sécurité sociale|steuer-?(?:id|nummer)\w*|sozialversicherung\w*|personalausweis\w*|reisepass\w*|ausweis\w*|pasaporte|pasaport|passaporto|passaporte|codice fiscale|mykad|no\. kp|kad pengenalan|permis de conduire|führerschein\w*|insurance (?:number|no)|patient (?:id|number)|member (?:id|number)|account (?:number|no)|acct|routing number|sort code|kontonummer|número de cuenta|numéro de compte|policy number|employee (?:id|number)|medical record|mrn|vin\b|licen[cs]e plate|number ?plate|kennzeichen)\b",
    re.IGNORECASE,
)
_ID_VALUE: Final = lazy(
    r"(?<![\w-])(?=[A-Z0-9 .-]*\d[A-Z0-9 .-]*\d)[A-Z]{0,4}[ .-]?\d[A-Z0-9]{1,}(?:[ .-][A-Z0-9]{1,6}){0,4}(?![\w])",
    re.IGNORECASE,
)
_NATIONAL: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("national id (es)", lazy(r"\b[XYZ]?\d{7,8}[ -]?[A-Z]\b"), numbers.spanish_id),
    ("tax id (de)", lazy(r"(?<!\d)\d{11}(?!\d)"), numbers.german_tax_id),
    (
        "social security (fr)",
        lazy(r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}\b"),
        numbers.french_nir,
    ),
    ("tax id (br)", lazy(r"\b\d{3}\.?\d{3}\.?\d{3}-?\d{2}\b"), numbers.brazilian_cpf),
    (
        "tax code (it)",
        lazy(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b", re.IGNORECASE),
        numbers.italian_code,
    ),
    (
        "national id (my)",
        lazy(r"(?<!\d)\d{6}-\d{2}-\d{4}(?!\d)"),
        lambda t: numbers.malaysian_ic(re.sub(r"\D", "", t)),
    ),
    (
        "insurance number (gb)",
        lazy(r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"),
        lambda t: True,
    ),
)
_BORN: Final = lazy(
    r"\b(?:born(?: on)?|birth ?date|date of birth|d\.?o\.?b\.?|birthday is|geboren(?: am)?|geburtsdatum|nac[ií](?:do|da)?(?: el)?|fecha de nacimiento|née?(?: le)?|date de naissance|nasc(?:i|ido|ida)(?: em| a)?|data de nascimento|nat[oa](?: il)?|data di nascita|tarikh lahir|lahir pada)\b[^\n.]{0,16}?"
    r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}\.? (?:de )?[A-Za-zäéû]{3,10}\.?,? (?:de )?\d{4}|[A-Z][a-z]{2,8} \d{1,2}(?:st|nd|rd|th)?,? \d{4})",
    re.IGNORECASE,
)
_STREET_AFTER: Final = r"street|str|st|road|rd|avenue|ave|av|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|square|sq|terrace|terr|way|highway|hwy|parkway|pkwy|circle|cir|alley|crescent|cres|close|gardens|grove|hill|mews|park|rise|row|view|walk|wharf|forks?|flats?|trail|trl|loop|plaza|bypass|cove|creek|estates?|ferry|field|glen|green|harbou?r|heights|hollow|island|isle|junction|key|knoll|lake|landing|lights?|lodge|manor|meadows?|mills?|mission|mount(?:ain)?|oval|pass|path|pike|pines?|plains?|points?|port|prairie|ranch|rapids|ridge|river|shoals?|shores?|springs?|spur|station|stream|summit|track|tunnel|turnpike|union|valley|viaduct|village|ville|vista"
_STREET_GLUED: Final = r"stra(?:ß|ss)e|str\.|gasse|weg|platz|allee|ring|damm|ufer|chaussee|gata|gatan|gate|väg(?:en)?|veg(?:en)?|vei(?:en)?|vej|gade|stien|all[eé]|laan|straat|plein|gracht|dijk|steenweg|katu|tie|kuja|polku|raitti|utca|út|tér|köz|sokak|caddesi|ulica"
_STREET_BEFORE: Final = r"rue|avenue|av\.?|avda\.?|boulevard|bd|bvd|chemin|route|impasse|quai|allée|cours|place|via|viale|piazza|corso|vicolo|strada|contrada|calle|c/|c\.|avenida|carretera|paseo|plaza|camino|rua|r\.|travessa|alameda|estrada|praça|largo|jalan|jln\.?|lorong|persiaran|ul\.|ulica|os\.|al\.|aleja|náměstí|strada|calea|bulevardul"
_ADDRESS: Final = tuple(
    lazy(p)
    for p in (
        rf"\b\d{{1,6}}[A-Za-z]?,? (?:[\w'’.-]+ ){{1,4}}(?i:{_STREET_AFTER})\b\.?",
        rf"\b(?:[\w'’.-]+ ){{0,2}}[A-ZÀ-Ý][\w'’-]*?(?i:{_STREET_GLUED}) ?\d{{1,5}}\b",
        rf"\b\d{{1,6}} [A-ZÀ-Ý][\w'’-]*?(?i:{_STREET_GLUED})\b",
        rf"\b(?i:{_STREET_BEFORE}) (?:[\w'’.-]+ ){{1,5}}?\d{{1,6}}\b",
        rf"\b\d{{1,5}}(?: ?bis| ?ter)?,? (?i:{_STREET_BEFORE}) (?:[\w'’.-]+ ?){{1,4}}",
        r"\b(?i:apt\.?|apartment|suite|ste\.?|unit|flat|wohnung|piso|appartement) ?#?\d{1,5}\b",
        r"\b(?i:p\.? ?o\.? box|psc|postfach|apartado|casella postale|caixa postal|peti surat) ?\d{1,6}\b|\b(?:APO|FPO|DPO) (?:AA|AE|AP)\b|\bUSS [A-Z]\w+\n",
        r"\b[A-Z]{2},? \d{5}(?:-\d{4})?\b|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|\b[A-Z]\d[A-Z] \d[A-Z]\d\b",
        r"(?m)^[ >]*\d{1,6} [\w'’. -]{3,40}\d{0,6}\s*\n[ >]*(?:[A-Z]|Apt|Suite)",
        r"\b(?i:address|anschrift|adresse|dirección|direccion|endereço|morada|indirizzo|alamat)\b[^\n?]{0,24}?(?:\bis\b|\bist\b|\bes\b|\best\b|é|è|:)\s*\W{0,3}[^\n]{0,40}\d",
        r"\b(?i:lives?|living|live|moved|located|reside[sd]?|wohn\w*|vivo|vive|habite|mora|abito|tinggal)\b (?:\w+ ){0,2}?(?:at|on|in|to|en|em|au|à|di|im|am|an der) (?:[\w'’.-]+ ){0,4}\d{1,6}\b",
        r"\b(?i:at|on|from|to|visit|near|corner of) \d{1,6} (?:\d{1,5} )?[A-ZÀ-Ý][\w'’-]+(?: [A-ZÀ-Ý][\w'’-]+){0,3}\b",
    )
)
_YEARS: Final = lazy(r"^(?:1[5-9]|20)\d{2}(?:[-. /]+(?:1[5-9]|20)?\d{2})?$")
_DATE: Final = lazy(r"^\d{1,4}[-./ ]\d{1,2}[-./ ]\d{1,4}$")


def find(text: str) -> list[Finding]:
    """Personal data in a text, in no order; stretches may overlap."""
    return [*_accounts(text), *_network(text), *_people(text), *_streets(text)]


def _around(text: str, start: int, end: int, before: int = 48, after: int = 24) -> str:
    return text[max(0, start - before) : start] + " " + text[end : end + after]


def _accounts(text: str) -> Iterator[Finding]:
    for m in _IBAN.finditer(text):
        end = _account_end(text, m.start())
        if end is None:
            continue
        if numbers.iban(text[m.start() : end]):
            yield Finding(m.start(), end, "iban", 0.99)
        elif _ACCOUNT_CUE.search(_around(text, m.start(), end)):
            yield Finding(m.start(), end, "iban", 0.7)
    for m in _CARD.finditer(text):
        digits = re.sub(r"\D", "", m.group())
        cue = _CARD_CUE.search(_around(text, m.start(), m.end())) is not None
        if numbers.card(digits):
            yield Finding(m.start(), m.end(), "card", 0.98 if cue else 0.9)
        elif cue and 13 <= len(digits) <= 19:
            yield Finding(m.start(), m.end(), "card", 0.6)
    for m in _SSN.finditer(text):
        if numbers.us_ssn(m.group()):
            yield Finding(
                m.start(),
                m.end(),
                "social security number",
                0.95 if _ID_CUE.search(_around(text, m.start(), m.end())) else 0.85,
            )
    for kind, pattern, valid in _NATIONAL:
        for m in pattern.finditer(text):
            if valid(m.group()):
                cue = _ID_CUE.search(_around(text, m.start(), m.end())) is not None
                yield Finding(m.start(), m.end(), kind, 0.95 if cue else 0.6)
    for cue_found in _ID_CUE.finditer(text):
        value = _ID_VALUE.search(text, cue_found.end(), min(len(text), cue_found.end() + 40))
        if value is not None and len(re.sub(r"\W", "", value.group())) >= 5:
            yield Finding(value.start(), value.end(), "id number", 0.8)


def _account_end(text: str, start: int) -> int | None:
    """Where an IBAN that begins at `start` ends by its country's length, single spaces or hyphens allowed; or None."""
    left = numbers.IBAN_LENGTHS.get(text[start : start + 2].upper())
    place = start
    while left:
        if place >= len(text):
            return None
        if text[place].isascii() and text[place].isalnum():
            left -= 1
        elif text[place] not in " -" or not text[place - 1].isalnum():
            return None
        place += 1
    return place if left == 0 and not text[place : place + 1].isalnum() else None


def _network(text: str) -> Iterator[Finding]:
    for m in _EMAIL.finditer(text):
        name, _, host = m.group().lower().partition("@")
        role = name in {
            "git",
            "info",
            "support",
            "noreply",
            "no-reply",
            "root",
            "admin",
            "postmaster",
            "webmaster",
            "user",
            "username",
            "username1",
            "me",
            "you",
            "name",
            "someone",
            "myname",
        }
        made_up = host.split(".")[-1] in {
            "local",
            "test",
            "invalid",
            "example",
            "localhost",
            "png",
            "jpg",
            "service",
            "target",
            "git",
        } or host.startswith(("example.", "domain.", "host.", "server.", "remote"))
        yield Finding(m.start(), m.end(), "mail address", 0.2 if role or made_up else 0.93)
    for m in _IPV4.finditer(text):
        found = numbers.address(m.group())
        if found is None:
            continue
        inner = found.is_private or found.is_loopback or found.is_unspecified or found.is_multicast or found.is_reserved
        yield Finding(
            m.start(),
            m.end(),
            "network address",
            0.35 if inner or str(found) in {"8.8.8.8", "8.8.4.4", "1.1.1.1"} else 0.75,
        )
    for m in _IPV6.finditer(text):
        found = numbers.address(m.group())
        if found is not None and len(re.findall(r"[0-9a-f]+", m.group(), re.IGNORECASE)) >= 4:
            yield Finding(m.start(), m.end(), "network address", 0.3 if found.is_loopback else 0.8)
    for m in _MAC.finditer(text):
        yield Finding(m.start(), m.end(), "device address", 0.7)


def _people(text: str) -> Iterator[Finding]:
    for m in _PHONE.finditer(text):
        raw = m.group().strip()
        digits = re.sub(r"\D", "", re.split(r"x|ext|poste", raw, flags=re.IGNORECASE)[0])
        if not 6 <= len(digits) <= 15 or _YEARS.match(raw) or _DATE.match(raw) or len(set(digits)) < 3:
            continue
        if numbers.address(raw) is not None:
            continue
        cue = _PHONE_CUE.search(_around(text, m.start(), m.end(), 40, 16)) is not None
        international = raw.startswith(("+", "00"))
        grouped = re.search(r"[ .()-]", raw) is not None
        score = 0.15
        if (international and len(digits) >= 8) or (cue and len(digits) >= 7):
            score = 0.9
        elif re.fullmatch(r"\(?\d{3}\)?[ .-]?\d{3}[ .-]\d{4}(?:[ -]?(?:x|ext\.?) ?\d+)?", raw) or (
            raw.startswith("(") and len(digits) >= 7
        ):
            score = 0.85
        elif cue:
            score = 0.6
        elif grouped and 8 <= len(digits) <= 12 and raw.startswith("0"):
            score = 0.7
        elif grouped and 8 <= len(digits) <= 12:
            score = 0.4
        yield Finding(m.start(), m.end(), "phone number", score)
    for m in _BORN.finditer(text):
        yield Finding(m.start(1), m.end(1), "birth date", 0.7)


def _streets(text: str) -> Iterator[Finding]:
    for number, pattern in enumerate(_ADDRESS):
        for m in pattern.finditer(text):
            score = (0.75, 0.75, 0.6, 0.6, 0.6, 0.7, 0.8, 0.7, 0.5, 0.75, 0.6, 0.5)[number]
            yield Finding(m.start(), m.end(), "street address", score)
