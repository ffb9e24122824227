"""Which language a message is written in, told from its script and its small words; no model."""

# ruff: noqa: E501 (word lists read better unbroken)

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

# Languages whose lanes, written replies and follow-ups are covered by tests. Anything else is named to the person
# and treated as unverified (DESIGN, Lanes).
TESTED = frozenset({"en", "de", "es", "fr", "pt", "it", "ms"})

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "en": "English", "de": "German", "es": "Spanish", "fr": "French", "pt": "Portuguese", "it": "Italian",
        "ms": "Malay", "nl": "Dutch", "sv": "Swedish", "pl": "Polish", "tr": "Turkish", "ro": "Romanian",
        "ru": "Russian", "el": "Greek", "ar": "Arabic", "he": "Hebrew", "hi": "Hindi", "th": "Thai",
        "zh": "Chinese", "ja": "Japanese", "ko": "Korean",
    }
)  # fmt: skip

# Function words only: they say nothing about the topic. A word that two languages share counts for both.
_SMALL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "en": frozenset(
            "the a an and or of to in is are was were be been it its this that these those i you he she we they my "
            "your our their me him her us them what which who when where why how do does did can could would should "
            "will not no yes with for from on at by as if but have has had please there here about hello hi hey "
            "thanks thank good morning evening night bye am i'm don't it's what's let's tell give make show find".split()
        ),
        "de": frozenset(
            "der die das und oder ist sind war waren ein eine einen einem einer ich du er sie wir ihr mein meine "
            "dein mir mich dich uns was wer wie wo wann warum welche welcher welches nicht kein keine ja nein mit "
            "für von vom auf bei zum zur im am des dem den bitte kannst können könnte soll sollte wird werden hat "
            "habe haben es dass wenn aber auch noch schon hallo guten tag morgen abend danke tschüss viel gibt "
            "erinnere sag zeig mach wieviel viele als nach über mal gut nur heute diese dieser".split()
        ),
        "es": frozenset(
            "el la los las un una unos unas y o de del al en es son era eran fue ser estar está están yo tú él ella "
            "nosotros mi mis tu tus su sus me te se nos qué quién cuándo dónde por para cómo cuál cuáles no sí con "
            "que como más muy hola buenos buenas días tardes noches gracias adiós puedes puede quiero tengo hay "
            "cuánto cuántos cuántas recuérdame esto esta este porque pero lo le dime hoy mañana estoy soy has".split()
        ),
        "fr": frozenset(
            "le la les un une des et ou de du au aux en est sont était je tu il elle nous vous ils mon ma mes ton ta "
            "tes son sa ses me te se que qui quoi à d'une l'on envoie quand où pourquoi comment quel quelle quels quelles ne pas non oui "
            "avec pour dans sur par ce cet cette ces c'est bonjour bonsoir salut merci peux peut peux-tu combien "
            "suis ai as avez est-ce qu'est-ce moi rappelle-moi rappelle mais plus très aujourd'hui demain y a "
            "j'ai d'un l'heure s'il plaît dis donne fais".split()
        ),
        "pt": frozenset(
            "o a os as um uma e ou de do da dos das no na nos nas em é são foi ser está estou eu tu você ele ela nós "
            "meu minha seu sua me te se que quem quando onde porquê porque como qual quais não sim com para por mais "
            "muito olá oi bom boa dia tarde noite obrigado obrigada tchau pode posso quero tenho há quanto quantos "
            "isso isto este esta mas ao à hoje amanhã lembra-me lembre-me".split()
        ),
        "it": frozenset(
            "il lo la i gli le un una uno e o di del della dei in è sono era essere io tu lui lei noi mio mia tuo tua "
            "suo mi ti si ci che chi quando dove perché come quale quali non sì con per più molto ciao buongiorno "
            "buonasera grazie arrivederci puoi può voglio ho hai ha c'è quanto quanti questo questa ma al alla nel "
            "nella cosa oggi domani ricordami dimmi sto".split()
        ),
        "ms": frozenset(
            "yang dan atau di ke dari ini itu adalah ialah saya aku awak anda kamu dia kami kita mereka apa siapa "
            "bila mana kenapa mengapa bagaimana berapa tidak tak ya bukan dengan untuk pada dalam akan sudah telah "
            "boleh hai selamat pagi petang malam terima kasih tolong ada lagi juga hari esok nak mahu ingin dah "
            "sangat ingatkan jika kalau tetapi".split()
        ),
        "nl": frozenset(
            "de het een en of van ik jij hij zij wij mijn jouw wat wie wanneer waar waarom hoe niet geen ja nee met "
            "voor op bij is zijn was kun kan zou alsjeblieft hallo goedemorgen dank je dit dat deze naar er ook maar "
            "heb hebt heeft moet".split()
        ),
        "sv": frozenset(
            "och eller är var jag du han hon vi ni min din vad vem när varför hur inte ingen ja nej med för på av "
            "till det den en ett kan skulle snälla hej tack detta som har".split()
        ),
        "pl": frozenset(
            "i lub jest są był ja ty on ona my wy mój twój co kto kiedy gdzie dlaczego jak nie tak z dla na w do od "
            "to ten ta czy proszę cześć dzień dobry dziękuję się mam może".split()
        ),
        "tr": frozenset(
            "ve veya bir bu şu o ben sen biz siz ne kim zaman nerede neden nasıl değil evet hayır ile için mi mı "
            "merhaba teşekkürler lütfen var yok çok daha günaydın".split()
        ),
        "ro": frozenset(
            "și sau este sunt era eu tu el ea noi voi meu mea ce cine când unde cum nu da cu pentru pe din la "
            "bună mulțumesc că mai foarte să".split()
        ),
    }
)  # fmt: skip

# Letters that only some of the languages above use: they settle a short message.
_LETTERS: Mapping[str, str] = MappingProxyType(
    {"ß": "de", "ñ": "es", "¿": "es", "¡": "es", "ã": "pt", "õ": "pt", "œ": "fr", "ł": "pl", "ż": "pl", "ş": "tr",
     "ğ": "tr", "ı": "tr", "ț": "ro", "ș": "ro", "å": "sv"}
)  # fmt: skip

_SCRIPTS: tuple[tuple[str, str], ...] = (
    ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("CJK", "zh"), ("CYRILLIC", "ru"), ("GREEK", "el"),
    ("ARABIC", "ar"), ("HEBREW", "he"), ("DEVANAGARI", "hi"), ("THAI", "th"),
)  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def detect(text: str, *, default: str = "en") -> str:
    """The ISO 639-1 code of the language that most small words point to; `default` where nothing points anywhere.

    Looks at the first 2,000 characters. Scripts other than Latin are told by their letters alone.
    """
    head = text[:2000].lower().replace("’", "'")
    scripts: Counter[str] = Counter()
    latin = 0
    for char in head[:400]:
        if not char.isalpha():
            continue
        if char.isascii():
            latin += 1
            continue
        name = unicodedata.name(char, "")
        if name.startswith("LATIN"):
            latin += 1
            continue
        for prefix, code in _SCRIPTS:
            if name.startswith(prefix):
                scripts[code] += 1
                break
    if scripts and sum(scripts.values()) > latin:
        # Japanese mixes kana with Chinese characters; any kana settles it.
        return "ja" if scripts["ja"] else scripts.most_common(1)[0][0]
    words = _WORD.findall(head)
    if not words:
        return default
    score: Counter[str] = Counter()
    for word in words:
        owners = [code for code, small in _SMALL.items() if word in small]
        for code in owners:
            score[code] += 2.0 / (1 + len(owners))  # type: ignore[assignment]
    for char, code in _LETTERS.items():
        if char in head:
            score[code] += 1
    if not score:
        return default
    best = max(score.values())
    leading = [code for code, value in score.items() if value >= best - 1e-9]
    if default in leading:
        return default
    return "en" if "en" in leading else sorted(leading, key=lambda c: (c not in TESTED, c))[0]


def name(code: str) -> str:
    """The language's English name, or its code."""
    return NAMES.get(code, code)
