"""F1 Amanah: what doing the thing would mean for the world, from the person's own imperative.

Classes, mildest first: none, read, reversible, compensable, irreversible. Only what the person's own words ask
Trinity to do counts: a question about deleting, code under discussion, a quotation or a report of what somebody did
asks for nothing. A change that fits no class counts as irreversible.

Two readers share the work: `organs.sense` says which kind of change an everyday request asks for, and this file adds
what graves the effect (what is touched, how it is spoken of, a bare command line sent as the message). Typed
proposals carry their own effect; `measure` takes either.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.patterns import lazy
from manifest.constitution import FloorRule
from organs.bundles import Effect, FloorResult, Lane
from organs.sense import sense
from organs.sense_words import ASKING, NEGATED, OPENERS

__all__ = ["ImperativeReading", "classify_imperative", "destructive_score", "measure"]


@dataclass(frozen=True, slots=True)
class ImperativeReading:
    """What the own words ask for. `destroys` is the narrower sign: data or a running thing would be gone."""

    effect: Effect
    reason: str
    destroys: bool = False


_NONE: Final = ImperativeReading(Effect.NONE, "The own words ask for no change.")

# What destroys, clause by clause; the verb stands at the start of the clause, adverbs before it allowed.
_ADVERB: Final = (
    r"(?:(?:force(?:fully)?|forcibly|recursively|resursively|safely|quietly|silently|instantly|immediately|permanently|completely|interactively|"
    r"automatically|quickly|simply|just|also|then|finally|manually|carefully|irrevocably|bulk|hard|soft|mass|now|"
    r"sofort|endgültig|komplett|dauerhaft|inmediatamente|permanentemente|immédiatement|définitivement|imediatamente|definitivamente|subito|segera)(?:[- ]+|, ))*"
)
_DESTROY: Final = lazy(
    rf"^{_ADVERB}(?:(?:delet|eras|purg|wip|remov|destroy|obliterat|eliminat)(?:e|es|ed)?s?\b|destroys?\b|wipes?\b|shreds?\b|unlinks?\b|trunca(?:te|tes)\b|nukes?\b|zap\b|"
    r"drops? (?:the |all |every |table|database|schema|index|column|collection|view|users?|tables|my |our |this )|"
    r"kills?\b|terminates?\b (?!with|early|at)|overwrites?\b|formats? (?:the |my |this |that |our |all |/dev|disk|drive|sd|usb|partition|[a-z]:)|"
    r"(?:get|gets) rid of\b|clear(?:s)? (?:out )?(?:the |all |my |our )?(?:\w+ )?(?:database|table|cache|logs?|queue|bucket|inbox|history|disk|data|folder|directory|trash|index|backups?)|"
    r"empt(?:y|ies) (?:the |my |our |all |out )|cleans? (?:up|out) (?:the |all |my |our |old )|force[- ]push|reset(?:s)? (?:the |our )?(?:\w+ )?(?:database|db|production|cluster|repo(?:sitory)?|disk)|"
    r"rm\b|rmdir\b|"
    r"lösch(?:e|t|en)?\b|entfern(?:e|t|en)\b|vernicht(?:e|en)\b|überschreib(?:e|en)?\b|formatier(?:e|en)\b|leer(?:e|en) (?:die|den|das|alle|unser)|wirf .{1,40} weg|"
    r"borra(?:r|d|lo|los|la|las)?\b|borre\b|elimin(?:a|e|ar|alo|alos|are|i)\b|destruye\b|destruir\b|vac[ií]a(?:r)?\b|formatea(?:r)?\b|suprime\b|mata(?:r)? (?:el|los|todos) proces|"
    r"supprim(?:e|er|ez)\b|efface[rz]?\b|détrui(?:s|re|sez)\b|vide[rz]? (?:la|le|les)\b|écrase[rz]?\b|formate[rz]? (?:le|la|les)|tue[rz]? (?:le|les|tous les) process|"
    r"apag(?:a|ar|ue|uem)\b|exclu(?:a|i|ir)\b|remov(?:a|er)\b|destr[oó]i\b|formate (?:o|a)\b|limpe (?:o|a|todos)|"
    r"cancell(?:a|are|i) (?:tutt|il |la |i |gli |le |l'|quest)|rimuov(?:i|ere)\b|distrugg(?:i|ere)\b|svuota(?:re)?\b|formatta(?:re)?\b|sovrascriv(?:i|ere)\b|uccid(?:i|ere) (?:il|i|tutti)|"
    r"padam(?:kan)?\b|hapus(?:kan)?\b|musnahkan\b|kosongkan\b|format(?:kan)? (?:cakera|pemacu)|bunuh proses)",
    re.IGNORECASE,
)
_VERB_LAST_DESTROY: Final = lazy(
    r"\b(?:löschen|entfernen|vernichten|überschreiben|formatieren|leeren|wegwerfen)[.!?\s]*$", re.IGNORECASE
)
_JOINT: Final = lazy(
    r"(?:,? (?:and|then|und|dann|y|luego|et|puis|e|poi|dan|kemudian)(?: then| dann| luego| puis| poi)?\s+|[,;]\s+)(?=\w)",
    re.IGNORECASE,
)
# Things on paper: removing them is editing a text at hand, which changes nothing outside the reply.
_ON_PAPER: Final = lazy(
    r"^\W*(?:the |all |any |every |this |that |these |those |my |a |an |last |first |extra |trailing |leading |duplicate[ds]? |blank |empty |unused |die |das |den |alle |los |las |les |le |la |gli |i )*"
    r"(?:comments?|words?|sentences?|paragraphs?|commas?|adjectives?|adverbs?|whitespaces?|white space|spaces?|punctuation|typos?|letters?|characters?|digits?|vowels?|duplicates?|lines?|bullet(?:s| points?)?|"
    r"quotes?|quotation marks|brackets?|parenthes[ei]s|indentation|accents?|emojis?|suffix(?:es)?|prefix(?:es)?|extensions?|imports?|print statements?|semicolons?|tabs?|newlines?|line breaks?|fields?|elements?|items?|noise|background|stains?|"
    r"substrings?|numbers?|zeros?|columns?|rows?|headers?|footers?|tags?|markup|html|jargon|passive voice|redundan\w+|fillers?|repetitions?|outliers?|nulls?|missing values|stop ?words|"
    r"kommentare?|wörter|sätze|absätze?|leerzeichen|duplikate|zeilen|fehler|comentarios?|palabras|frases|espacios|duplicados|commentaires?|mots|phrases|espaces|doublons|comentários|palavras|espaços|commenti|parole|frasi|spazi)\b"
    r"(?!.{0,40}\b(?:prod|production|database|server|table|datenbank|base de datos|base de données)\b)",
    re.IGNORECASE,
)
_AT_HAND: Final = lazy(
    r"\b(?:from|in|of) (?:this|the|that|my|these|following|each) (?:following |above |below |attached |given )?(?:text|sentence|paragraph|string|code|snippet|essay|draft|function|passage|list|expression|array|dataframe|mail|email text|input|output)\b|"
    r"«»|«code»|\bin (?:python|pandas|javascript|typescript|java|sql|postgres(?:ql)?|mysql|excel|vim|emacs|rust|golang|c\+\+|c#|php|ruby|google sheets|regex)\b",
    re.IGNORECASE,
)
# Named beside a quotation, these show that the quotation is a name and the thing lies outside.
_OUTSIDE: Final = lazy(
    r"\b(?:files?|folders?|director\w+|databases?|servers?|tables?|process(?:es)?|jobs?|instances?|links?|branch(?:es)?|buckets?|mode|disks?|under|dateien?|ordner|archivos?|fichiers?)\b"
)
# Small own things with an Undo: removing them again is no harm.
_OWN_SMALL: Final = lazy(
    r"\b(?:my|the|this|that|a|mein\w*|meu|minha|mon|ma|mi|mio|mia)? ?(?:\w+ )?(?:reminders?|alarms?|timers?|to-dos?|to[- ]?do list|my to ?dos?|shopping list|grocery list|playlist|cart|basket|wish ?list|bookmark|draft|preferences?|erinnerung\w*|wecker|"
    r"einkaufsliste|recordatorio|alarma|lista de (?:la )?compra|rappel|réveil|liste de courses|lembrete|despertador|promemoria|sveglia|lista della spesa|peringatan|penggera)\b",
    re.IGNORECASE,
)
_TEXT_REQUEST: Final = lazy(
    r"^(?:explain|describe|tell me|show me how|teach|write|draft|compose|translate|summari[sz]e|review|rewrite|rephrase|proofread|what|why|how|is|are|does|do|can i|should i|which|when|where|who|"
    r"compare|discuss|document|give me (?:a|an|the) (?:example|script|command|query|snippet|regex|code|one-liner)|debug|refactor|fix (?:this|my)|convert|implement|generate (?:a|the) (?:script|command|query|function)|"
    r"erklär|beschreib|übersetz|schreib|was |wie |warum|explica|describe|traduc|escrib|qué|cómo|por qué|expliqu|décri|tradui|écri|comment|pourquoi|que fait|traduz|escrev|o que|como|spiega|descriv|scriv|cosa|terangkan|apa |macam mana|bagaimana)",
    re.IGNORECASE,
)

# Command lines. A message that is nothing but commands asks for them to be run.
_COMMAND: Final = lazy(
    r"^\s*(?:[$#%>] +|sudo +(?:-\w+ +)*|(?:[A-Z_]+=\S+ +)+|time +|nohup +|exec +|yes \|? *)*"
    r"(?:find|rm|rmdir|ls|ps|kill|killall|pkill|xargs|grep|egrep|awk|sed|cat|tail|head|cp|mv|dd|mkfs\S*|mkdir|touch|chmod|chown|chgrp|ln|tar|gzip|gunzip|zip|unzip|rsync|scp|ssh|curl|wget|git|docker|docker-compose|podman|kubectl|helm|terraform|ansible\S*|"
    r"systemctl|service|shutdown|reboot|halt|poweroff|init|fdisk|parted|mount|umount|df|du|who|whoami|crontab|jobs|alias|echo|printf|export|set|unset|source|shred|truncate|unlink|userdel|useradd|groupdel|passwd|iptables|ufw|apt|apt-get|yum|dnf|brew|npm|pip|"
    r"psql|mysql|mysqldump|sqlite3|redis-cli|mongo|mongosh|aws|gcloud|az|gsutil|heroku|virsh|lvremove|vgremove|zpool|zfs|screen|tmux|python3?|perl|bash|sh|for|while|if|cd|pwd|history|locate|which|sort|uniq|cut|tr|wc|tee|diff|split|join|paste|comm|nl|watch|file|stat|readlink|basename|dirname|lsof|fuser|trap|"
    r"drop +(?:table|database|schema|index|view|user|role|collection)|truncate +table|delete +from|alter +table|update +\S+ +set|insert +into|select)(?=[\s;|]|$)",
    re.IGNORECASE,
)
# No English sentence begins with one of these.
_TOOL: Final = lazy(
    r"^\s*(?:[$#] +|sudo +)*(?:kubectl|helm|terraform|docker|podman|git|rm|rmdir|killall|pkill|shred|mkfs\S*|dd|gcloud|gsutil|aws|az|"
    r"redis-cli|psql|mysql|crontab|userdel|systemctl|zfs|zpool) ",
    re.IGNORECASE,
)
_SHELL_SYNTAX: Final = lazy(
    r"\s-{1,2}[A-Za-z]|[|;<>`{}]|\$\(|\$\{?\w|\\;|/\w|\*\.|~/|&&|\s\.(?:\s|$)|\bfrom\b|\btable\b|\bdatabase\b|=|\.\w+\b|^\S+ \S+$",
    re.IGNORECASE,
)
_COMMAND_DESTROYS: Final = lazy(
    r"(?:(?:^|[\s;|&(`'\"/{\\])(?:rm|rmdir|shred|unlink|srm|wipefs|mkfs(?:\.\w+)?|killall|pkill|kill|skill|userdel|groupdel|lvremove|vgremove|fdisk|parted|poweroff|halt)(?=[\s;'\"|)]|$)(?!\s+-l\b)"
    r"|\s-delete\b|\bdd\b.*\bof=|(?:^|[\s;|])truncate\s+(?:-|--|table)|--delete(?:-\w+)?\b|--remove-source-files|--remove-files|(?:^|[\s;|&])(?:shutdown|reboot|init 0)(?=\s|$|;)|"
    r"\bgit\s+(?:push\b.*(?:--force|-f\b|--delete| :)|reset\s+--hard|clean\s+-\w*f|branch\s+-D|stash\s+(?:drop|clear)|filter-branch)|"
    r"\b(?:docker|podman)\s+(?:rm|rmi|kill|(?:system|image|volume|container|network)\s+(?:prune|rm))|\bkubectl\s+(?:delete|drain)|\bhelm\s+(?:uninstall|delete)|\bterraform\s+(?:destroy|apply)|"
    r"\baws\s+s3\s+(?:rm|rb)|\baws\s+\S+\s+(?:delete|terminate)-|\bgcloud\s.*\bdelete\b|\baz\s.*\bdelete\b|\bgsutil\s+(?:-m\s+)?rm|\bflush(?:all|db)\b|\bcrontab\s+-r|"
    r"\bdrop\s+(?:table|database|schema|index|view|user|role|column|collection)\b|\bdelete\s+from\b|\btruncate\s+table\b|\bdropdatabase\(|\.drop\(\)|\.deletemany\(|\bos\.remove\(|\bshutil\.rmtree\()",
    re.IGNORECASE,
)

_FENCE: Final = lazy(r"```.*?(?:```|$)|~~~.*?(?:~~~|$)", re.DOTALL)
_INLINE: Final = lazy(r"`[^`\n]{1,300}`")
_QUOTED: Final = lazy(
    r"“[^”]{1,600}”|„[^“”]{1,600}[“”]|«[^»]{1,600}»|\"[^\"\n]{1,600}\"|(?<!\w)'(?=\S)[^'\n]{2,300}'(?!\w)"
)
_QUOTE_LINE: Final = lazy(r"^\s{0,3}>.*$", re.MULTILINE)
_SENTENCES: Final = lazy(r"(?<=[.!?;。！？])\s+(?=\S)|\n+")
_CONDITION: Final = lazy(
    r"^(?:if|when|whenever|suppose|imagine|what if|in case|wenn|falls|si|cuando|quand|lorsque|se|quando|jika|kalau|once)\b",
    re.IGNORECASE,
)

# Kind of change (organs.sense) to the gravest class its everyday use can have.
_KINDS: Final[Mapping[str, Effect]] = {
    "remind": Effect.REVERSIBLE,
    "create": Effect.REVERSIBLE,
    "book": Effect.COMPENSABLE,
    "run": Effect.COMPENSABLE,
    "decide": Effect.COMPENSABLE,
    "pay": Effect.IRREVERSIBLE,
    "send": Effect.IRREVERSIBLE,
    "publish": Effect.IRREVERSIBLE,
    "delete": Effect.IRREVERSIBLE,
}
_WORDS: Final[Mapping[Effect, str]] = {
    Effect.REVERSIBLE: "it can be taken back",
    Effect.COMPENSABLE: "it can be made good again, at a cost",
    Effect.IRREVERSIBLE: "it cannot be taken back",
}
_SETTING: Final = lazy(
    r"\b(?:volume|brightness|lights?|lamp|music|song|playlist|thermostat|temperature|language|accent|voice|name|nickname|whisper mode|alarm|timer|reminder|screen|tv|radio|speaker|theme|dark mode|notifications?|calendar|to-?do|shopping list|list|status|title|label|color|colour|"
    r"lautstärke|licht|musik|sprache|volumen|luz|música|idioma|luce|musica|lingua|lumière|musique|langue)\b",
    re.IGNORECASE,
)
_GRAVE: Final = lazy(
    r"\b(?:fire|lay off|hire|ban|sign|approve|grant|revoke|terminate|format|flush|shut ?down|kill|push|prod(?:uction)?|live|everyone|all (?:users|customers|staff|employees)|customers?|public|root|admin|main|master|force|payroll|salar(?:y|ies)|contract|"
    r"produktion|kunden|producción|clientes|clients|produção|produzione|clienti|entlass\w+|despide|licencie\w*|licenzia|demite)\b",
    re.IGNORECASE,
)


def classify_imperative(text: str) -> ImperativeReading:
    """The gravest effect that the person's own words ask for. Never raises."""
    fenced = _FENCE.search(text) is not None
    own = _QUOTE_LINE.sub(" ", _FENCE.sub(" «code» ", text))[:20_000]
    if not own.strip():
        return _NONE
    discussing = fenced or _discusses(own)
    if not discussing:
        command = _commands(own)
        if command is not None:
            return command
    masked = _QUOTED.sub(" «» ", _INLINE.sub(" «code» ", own))
    destroyed = _destroys(masked)
    if destroyed is not None:
        return destroyed
    reading = sense(own, material=False, history=())
    if reading.lane is not Lane.ACTION:
        return _NONE
    effect = _KINDS.get(reading.intent, Effect.IRREVERSIBLE)
    if reading.intent in {"run", "decide", "create", "delete"} and not _GRAVE.search(masked):
        small = _OWN_SMALL if reading.intent == "delete" else _SETTING
        if small.search(masked):
            effect = Effect.REVERSIBLE
    elif effect.weight < Effect.IRREVERSIBLE.weight and reading.intent != "remind" and _GRAVE.search(masked):
        effect = Effect.IRREVERSIBLE
    return ImperativeReading(effect, f"The own words ask for a change ({reading.intent}): {_WORDS[effect]}.")


def destructive_score(text: str) -> float:
    """How sure it is that the own words ask to destroy data or stop something running, in [0, 1]."""
    reading = classify_imperative(text)
    if reading.destroys:
        return 0.95
    return {
        Effect.NONE: 0.02,
        Effect.READ: 0.05,
        Effect.REVERSIBLE: 0.1,
        Effect.COMPENSABLE: 0.2,
        Effect.IRREVERSIBLE: 0.3,
    }[reading.effect]


def measure(effect: Effect, rule: FloorRule, *, reason: str = "", mandate: bool = False) -> FloorResult:
    """F1 for the heaviest effect at hand; `mandate` says that the right human allowed exactly this content."""
    passed = mandate or rule.holds(effect.weight)
    if effect is Effect.NONE:
        said = "Nothing would change in the world."
    elif passed and mandate:
        said = "A human allowed exactly this."
    else:
        said = reason or f"What is asked counts as {effect.value}: {_WORDS.get(effect, 'it only reads')}."
    return FloorResult("F1", float(effect.weight), rule.threshold, rule.direction, passed, said)


def _discusses(own: str) -> bool:
    """Whether some sentence asks about what is written, so that commands beside it are material."""
    for sentence in _SENTENCES.split(own):
        clean = sentence.strip().lower().replace("’", "'")
        if not clean or _COMMAND.match(clean):
            continue
        opener = OPENERS.match(clean)
        bare = clean[opener.end() :].strip(" ,:") if opener else clean
        if ASKING.match(bare) or ASKING.match(clean) or _TEXT_REQUEST.match(bare) or clean.endswith("?"):
            return True
    return False


def _commands(own: str) -> ImperativeReading | None:
    """A reading when every line is a command line (or one destroying statement), else None."""
    lines = [line for line in own.splitlines() if line.strip()]
    if not lines or not all(_is_command(line) for line in lines):
        return None
    if any(_COMMAND_DESTROYS.search(line) for line in lines):
        return ImperativeReading(
            Effect.IRREVERSIBLE, "The message is a command that destroys something: it cannot be taken back.", True
        )
    if any(re.search(r"\b(?:drop|delete|truncate)\b", line, re.IGNORECASE) and ";" in line for line in lines):
        return ImperativeReading(Effect.IRREVERSIBLE, "The message is a statement that destroys data.", True)
    return None  # other commands: `sense` and the text path decide; nothing here runs commands


def _is_command(line: str) -> bool:
    if re.search(r"(?:^|;|')\s*(?:drop|truncate)\s+(?:table|database)\b|;\s*delete\s+from\b", line, re.IGNORECASE):
        return True
    if _COMMAND.match(line) is None:
        return False
    if _TOOL.match(line) and _COMMAND_DESTROYS.search(line):
        return True
    if _SHELL_SYNTAX.search(line) is None:
        return False
    # Prose that begins with a command's name ("find all files and show them") has articles and no flags.
    prose = len(
        re.findall(r"\b(?:the|all|any|and|which|that|with|every|whose|are|have|of|them|their|for|from)\b", line.lower())
    )
    flags = len(re.findall(r"\s-{1,2}[A-Za-z]|[|;<>`{}\\]|\$\(|\$\w|&&|/\w", line))
    return flags >= prose


def _destroys(masked: str) -> ImperativeReading | None:
    """A reading when a clause of the own words orders a destruction."""
    for sentence in _SENTENCES.split(masked):
        clean = sentence.strip(" \t-*•\"'").replace("’", "'")
        if not clean:
            continue
        lower = clean.lower()
        opener = OPENERS.match(lower)
        bare = clean[opener.end() :].strip(" ,:") if opener else clean
        asks = ASKING.match(bare.lower()) or (ASKING.match(lower) and opener is None)
        conditional = _CONDITION.match(bare) is not None and "," not in bare
        if asks or conditional or (lower.endswith("?") and opener is None) or NEGATED.match(bare.lower()):
            continue
        clauses = [bare, *_JOINT.split(bare)[1:]]
        if _TEXT_REQUEST.match(bare):
            # "convert the files and remove the originals": the later clauses may still order something on files.
            clauses = [
                c for c in clauses[1:] if re.search(r"\b(?:original )?(?:files?|folders?|director\w+|tables?)\b", c)
            ]
        for clause in clauses:
            found = _ordered(clause, verb_last=opener is not None)
            if found is not None:
                return found
    return None


def _ordered(clause: str, *, verb_last: bool) -> ImperativeReading | None:
    """What one clause orders destroyed, or None."""
    low = clause.lower()
    if NEGATED.match(low) or ASKING.match(low):
        return None
    found = _DESTROY.match(clause) or (_VERB_LAST_DESTROY.search(clause) if verb_last else None)
    if found is None:
        return None
    verb = found.group().strip().lower()
    rest = clause[found.end() :] if found.start() == 0 else clause
    kills = verb.startswith(("kill", "terminat", "drop"))
    if not kills and (_ON_PAPER.match(rest) or (_AT_HAND.search(clause) and not _OUTSIDE.search(low))):
        return None
    if _OWN_SMALL.search(rest) and not _GRAVE.search(rest):
        return ImperativeReading(
            Effect.REVERSIBLE, "The own words ask to remove something of one's own: it can be taken back."
        )
    return ImperativeReading(
        Effect.IRREVERSIBLE, f"The own words ask to destroy something (“{verb}”): it cannot be taken back.", True
    )
