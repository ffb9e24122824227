"""Typed proposals from the person's own imperative: what would be done, with which arguments, and what is missing.

Nothing is run here. A reminder is the one action read completely; everything else becomes "unknown" with the written
plan that an approval delivers. How grave an effect is comes from F1 (`organs/floors/f01_amanah.py`).
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Final

from organs.bundles import Effect, Lane, Proposal
from organs.sense import sense
from organs.when import Found, FoundDate, FoundTime, find_date, find_delay, find_time, resolve

REMINDER: Final = "reminder.create"
_MORNING: Final = time(9)  # when a day is named and no time

_REMIND: Final = re.compile(
    r"^.{0,60}?(?:\bremind (?:me|us|him|her|them|everyone|the team|[a-z]+)|\bset(?: up)?(?: (?:me|us))? (?:an? |another |the |my )?(?:reminder|alarm|timer)|\b(?:create|make|add|give)(?: (?:me|us))? (?:an? |another )?(?:reminder|alarm)|\bwake (?:me|us)(?: up)?|"
    r"\b(?:ping|nudge|poke) me|\berinner(?:e|n|st)?(?: du)? (?:mich|uns|ihn|sie|alle)(?: bitte)?|\bmich\b(?=.*\berinnern\b)|\b(?:stell|setz)(?:e)?(?: mir)? (?:einen|eine|den|die)? ?(?:wecker|timer|erinnerung)|\bweck mich|"
    r"\brecu[ée]rda(?:me|nos|le|rme|rnos)|\b(?:pon|crea|ponme)(?:me)? (?:una? )?(?:recordatorio|alarma)|\bavísame|\bdespiértame|"
    r"\brappelle[- ](?:moi|nous|lui)|\b(?:me|nous) rappeler|\bmets(?:[- ]moi)? un (?:rappel|réveil|minuteur)|\bréveille[- ]moi|"
    r"\blembr[ae](?:r)?[- ]?(?:me|nos)|\bme lembr(?:ar|e|a)|\bcria(?:r)? um lembrete|\bacorda-me|"
    r"\bricorda(?:r)?(?:mi|ci|gli)|\bimposta (?:un |una )?(?:promemoria|sveglia)|\bsvegliami|\bingatkan (?:saya|aku|kami)|\btetapkan peringatan|\bkejutkan saya)(?![\w])",
    re.DOTALL,
)  # fmt: skip
# Where the thing to be reminded of begins.
_MARK: Final = re.compile(
    r"(?:^|[\s,])(?:to|that|about|of|for(?= (?:the|my|our|a|an) )|daran,? (?:dass)?|an (?=den|die|das|mein|unser)|,? dass|zu|de(?= )(?! la (?:tarde|noche|mañana))|d'|que|para|sobre|per|di|che|untuk|supaya|agar|:)(?:\s|(?<=')|(?<=:))",
)
_COUNT: Final = r"(?:\d+|an?|one|two|three|four|five|ten|fifteen|twenty|thirty)"
_REPEAT: Final = re.compile(
    r"\b(?:every(?:day| \w+)|each \w+|daily|weekly|monthly|jeden \w+|jede \w+|täglich|wöchentlich|cada \w+|todos los \w+|todas las \w+|chaque \w+|tous les \w+|toutes les \w+|todos os \w+|"
    r"todas as \w+|ogni \w+|tutti i \w+|setiap \w+)\b"
)
_TRIM: Final = re.compile(
    r"^(?:[\s,.;:!–-]|\b(?:to|that|about|of|for|at|on|and|please|daran|dass|bitte|an|zu|um|am|für|so (?:that )?i (?:don't|do not) forget(?: about)?|damit ich|pour|de|que|para|por favor|a|sobre|d'|s'il te plaît|stp|per|di|che|untuk|supaya|su)\b(?!'))+|"
    r"(?:[\s,.;:!?–-]|\b(?:at|on|by|um|am|please|bitte|por favor|s'il te plaît|a las|à|alle|pada|pukul|zu erinnern|erinnern)\b)+$"
)
_ANOTHER: Final = re.compile(
    r"(?:,| and|, and| und| y| et)(?: also)? (?:another|one more|a second|noch (?:einen|eine|eins)|otr[oa]|une? autre)(?: one)?(?= (?:for|at|in|on|um|für|a las|para|à|pour) )",
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"\bremind (?!me\b|us\b)(him|her|them|everyone|the team|[a-z]+)|\berinnere (ihn|alle)\b|\brappelle-(lui)\b|\brecuérda(le)\b"
)


def propose(request: str, *, now: datetime, language: str, effect: Effect) -> tuple[Proposal, ...]:
    """Proposals for a request of the ACTION lane; empty where the words ask for no change.

    `now` is aware and in the person's zone; `effect` is F1's class of the imperative.
    A reminder's arguments are `text` and `due` (ISO 8601 with offset).
    """
    reading = sense(request, material=False, history=())
    if reading.lane is not Lane.ACTION:
        return ()
    if reading.intent == "remind":
        return _reminders(request, now=now, language=language)
    wish = " ".join(request.split())
    short = wish if len(wish) <= 200 else wish[:197] + "…"
    plan = (
        f"Asked: {wish[:4000]}\n"
        "There is no tool here that can do this. Once approved, this written plan goes to whoever carries it out:\n"
        "1. Check that the request names exactly the thing meant, and nothing else is touched.\n"
        "2. Note the present state, and make a copy where a copy is possible.\n"
        "3. Do it once, and write down what was done and when.\n"
        "4. Check the result with the person who asked."
    )
    return (Proposal("unknown", short, {"request": wish[:4000]}, effect, own=False, missing=(), plan=plan),)


def _reminders(request: str, *, now: datetime, language: str) -> tuple[Proposal, ...]:
    """One proposal for each time asked for: "an alarm for 4pm and another for 5pm" is two, about the same thing."""
    text = " ".join(request.split()).replace("’", "'")
    first, *others = _ANOTHER.split(text)
    lead = _reminder(first, now=now, language=language)
    if not others or lead.missing or _REMIND.match(first.lower()) is None:
        return (_reminder(request, now=now, language=language),)
    day = lead.arguments["due"][:10]
    found = [lead]
    for other in others:
        when = re.sub(r"^ ?(?:for|für|para|pour)\b", " at", other)
        if find_date(when.lower(), now.date()) is None:
            when = f" {day}{when}"
        found.append(_reminder(f"remind me{when} to {lead.arguments['text']}", now=now, language=language))
    return tuple(found)


def _blank(text: str, found: Found | None) -> str:
    """The text with one found stretch replaced by spaces: positions stay."""
    if found is None:
        return text
    return text[: found.start] + " " * (found.end - found.start) + text[found.end :]


def _reminder(request: str, *, now: datetime, language: str) -> Proposal:
    text = " ".join(request.split()).replace("’", "'")
    lower = text.lower()
    if len(lower) != len(text):  # a letter whose lower case is longer: keep positions equal
        text = lower
    opened = _REMIND.match(lower)
    begin = opened.end() if opened else 0
    for_other = _OTHERS.search(lower) is not None
    mark = _MARK.search(lower, begin)
    head_end = mark.start() if mark else len(lower)
    head = " " * begin + lower[begin:head_end]
    whole = " " * begin + lower[begin:]
    repeat = _REPEAT.search(whole)
    if re.search(r"\b(?:alarm|wake|timer)\b", lower):  # "set an alarm for 7": the same length, so positions stay
        word = " in" if re.search(rf"\bfor {_COUNT} ?(?:h|min|sec|std|stunde)", lower) else " at"
        head, whole, text = (re.sub(r"\bfor(?= \w)", word, part) for part in (head, whole, text))

    delay = find_delay(head, now) or find_delay(whole, now)
    day: FoundDate | None = None
    at: FoundTime | None = None
    if delay is None:
        day = find_date(head, now.date()) or find_date(whole, now.date())
        without_day = _blank(head, day) if day and day.end <= len(head) else head
        at = find_time(without_day) or find_time(_blank(whole, day)) or find_time(head) or find_time(whole)
    rest = _blank(_blank(_blank(text, day), at), delay)
    if repeat:
        rest = rest[: repeat.start()] + " " * (repeat.end() - repeat.start()) + rest[repeat.end() :]
    subject = rest[begin:]
    if mark is None and opened is None:
        subject = rest
    for _ in range(3):
        subject = _TRIM.sub("", " ".join(subject.split()))
    subject = " ".join(_TRIM.sub("", subject).split())
    if not subject and re.search(
        r"\b(?:alarm|wecker|alarma|réveil|sveglia|timer|minuteur)\b|\bwake|weck|despiért|réveille|svegli", lower
    ):
        subject = {"de": "Wecker", "es": "Alarma", "fr": "Réveil", "it": "Sveglia", "pt": "Alarme"}.get(
            language, "Alarm"
        )

    missing: list[str] = []
    moment: datetime | None = None
    if repeat:
        missing.append("one date (a reminder that repeats cannot be set yet)")
    if delay is not None:
        moment = delay.at
    elif at is not None:
        moment = resolve(day.day if day else None, at, now)
    elif day is not None and (morning := datetime.combine(day.day, _MORNING, now.tzinfo)) > now:
        moment = morning  # said in the summary, and taken back with Undo
    elif day is not None:
        missing.append("time of day")
    else:
        missing.append("date and time")
    if moment is not None and moment <= now:
        missing.append("a time that is still to come")
        moment = None
    if not subject:
        missing.append("what to remind you of")
    if for_other:
        missing.append("your own name (a reminder goes only to whoever asks for it)")
    arguments = {"text": subject}
    if moment is not None:
        arguments["due"] = moment.isoformat(timespec="minutes")
    when = moment.strftime("%A, %d %B %Y, %H:%M") if moment else "at a time still to be named"
    zone = f" ({now.tzname()})" if moment and now.tzname() else ""
    summary = f"Reminder on {when}{zone}: {subject or '…'}" if moment else f"Reminder {when}: {subject or '…'}"
    return Proposal(REMINDER, summary, arguments, Effect.REVERSIBLE, own=True, missing=tuple(missing))
