"""The words by which 111 SENSE reads a request: request openers, verbs that change things, strain, courtesy.

Tables only, by language (en de es fr pt it ms); the reading itself is in `organs/sense.py`. Patterns are matched on
lower-case text in which quotations and code have already been masked.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from adapters.patterns import lazy

Pattern = re.Pattern[str]


def _any(*parts: str) -> str:
    return "(?:" + "|".join(parts) + ")"


# What may stand before the verb of a request, in any order and number.
OPENERS: Final = lazy(
    r"^(?:[\s,:;.!–—*>-]|(?:ok(?:ay)?|hey|hi|hello|good morning|so|now|then|and|also|just|quickly|first|next|finally|"
    r"well|alright|right|yes|yep|sure|thanks|thank you|urgent(?:ly)?|asap|immediately|"
    r"@?trinity|bot|assistant|please|pls|plz|kindly|go ahead and|do me a favou?r and|be so kind (?:and|as to)|"
    r"would you mind|(?:could|can|would|will) (?:you|u)(?: please| kindly| just| also| quickly| maybe| perhaps| possibly)*(?: go ahead and)?|"
    r"i(?: wo?uld|'d)? (?:want|need|like) you to|i(?: would|'d) appreciate it if you|let's|let us|"
    r"you (?:should|must|have to|need to)|make sure (?:to|you)|be sure to|(?:do not|don't) forget to|"
    r"i(?: hereby)? (?:order|ask|instruct|authori[sz]e|allow) you to|"
    r"bitte|hallo|hi|jetzt|dann|und|mal|sofort|schnell|"
    r"(?:kannst|könntest|würdest|magst|willst) du|(?:können|könnten|würden) sie|ich (?:will|möchte|brauche),? dass du|"
    r"por favor|porfa|hola|oye|ahora|luego|y|(?:me )?(?:puedes|podrías|puede|podría)(?: usted)?|"
    r"quiero que|necesito que|te pido que|"
    r"s'il (?:te|vous) pla[iî]t|stp|svp|bonjour|salut|maintenant|puis|et|(?:peux|pourrais|veux)[- ]tu|tu (?:peux|pourrais)|"
    r"(?:pouvez|pourriez|voulez)[- ]vous|vous pouvez|je (?:veux|voudrais|souhaite) que tu|est-ce que tu (?:peux|pourrais)|"
    r"se faz favor|olá|agora|e|(?:podes|poderias|pode|poderia|consegues)(?: você)?|quero que|preciso que|"
    r"per favore|per piacere|ciao|ora|adesso|poi|(?:mi )?(?:puoi|potresti|può|potrebbe)|vorrei che|voglio che|"
    r"tolong|sila|boleh(?:kah)? (?:awak|anda|kamu)?|hai|sekarang|saya (?:mahu|nak) (?:awak|anda|kamu)"
    r")(?![\w']))+"
)

# A clause that asks, tells or imagines and therefore changes nothing.
ASKING: Final = lazy(
    r"^(?:and |but |so |ok(?:ay)?,? |hey,? |hi,? |please |quick question[:,]? |question[:,]? )*"
    r"(?:what|who|whom|whose|which|when|where|why|how|what's|who's|how's|where's|when's|is|are|was|were|am|do|does|did|"
    r"has|have|had|should|shall|may|might|must i|can (?:i|we|one|anyone|someone|it|they|he|she|the|a|this|that|my|our)|"
    r"could (?:i|we|one|it|they|the|this|that)|would (?:it|this|that|the|i|we|a)|will (?:it|this|that|the|i|we|my)|"
    r"suppose|imagine|if i|wie|was|wer|wen|wem|wann|wo|woher|wohin|warum|wieso|weshalb|welche[rsnm]?|wieviele?|ist|sind|"
    r"hat|haben|kann (?:ich|man|es|das|die|der)|darf|soll(?:te)? (?:ich|man|es|wir)|muss (?:ich|man)|gibt es|"
    r"¿|qué|que es|quién|cuándo|cuando (?:es|fue)|dónde|donde (?:está|es)|por qué|cómo|como (?:se|puedo|hago)|cuál(?:es)?|"
    r"cuánt[oa]s?|es |son |puedo|se puede|debo|debería|hay|"
    r"qu'est-ce|qu'|que (?:signifie|veut)|quel(?:le)?s?|quand|où|pourquoi|comment|combien|qui|est-ce que (?:je|on|c|l|le|la)|"
    r"puis-je|peut-on|dois-je|faut-il|y a-t-il|c'est quoi|"
    r"o que|qual|quais|quem|quando|onde|porqu[eê]|por que|quant[oa]s?|posso|devo|há|existe|"
    r"che cosa|cosa|chi|dove|perché|come|qual|quali|quant[oiae]|si può|c'è|esiste|"
    r"apa(?:kah)?|siapa(?:kah)?|bila(?:kah)?|(?:di )?mana|kenapa|mengapa|bagaimana(?:kah)?|berapa(?:kah)?|adakah|bolehkah saya"
    r")(?![\w])"
)

NEGATED: Final = lazy(
    r"^(?:(?:please|and|but|trinity|bitte|por favor)[, ]+)*(?:don't|do not|dont|never|no need to|stop |without|"
    r"nicht|kein|niemals|no |nunca|sin |ne |n'|jamais|não|nunca|non |mai |jangan|tanpa)"
)

# Verbs whose bare form at the start of a request changes something in the world. `True`: the word is also a noun or an
# adjective, so an object must follow it ("order the parts", not "order status").
_EN: Final[Mapping[str, tuple[tuple[str, bool], ...]]] = {
    "delete": (
        ("delete", False), ("erase", False), ("wipe(?: out)?", False), ("purge", True), ("destroy", False),
        ("truncate", False), ("drop", True), ("get rid of", False), ("empty", True), ("clear(?: out)?", True),
        ("clean(?: up| out)?", True), ("remove", False), ("uninstall", False), ("nuke", True), ("trash", True),
        ("discard", True), ("overwrite", False), ("shred", True), ("unsubscribe", False),
    ),
    "send": (
        ("send", False), ("forward", True), ("e-?mail", True), ("mail", True), ("text", True), ("message", True),
        ("dm", True), ("ping", True), ("notify", False), ("inform", False), ("reply to", False), ("respond to", False),
        ("share (?!an? (?:joke|story|fact|tip|recipe|quote|poem))", True), ("call", True), ("phone", True), ("let (?!me|us|'s|x|f|n|it|the|a )\\w+ know", False),
        ("tell (?!me|us|a |an |the (?:story|joke|truth|time|difference)|jokes?|stor|yourself|about|how|what|why|if|it )[\\w ]{1,30}?(?: that| to| about| we| i|$)", False),
        ("ask (?!me|us|yourself|a |for|about)[\\w ]{1,30}? (?:to|if|whether|for|about|when)", False),
        ("alert", True), ("warn", True), ("invite", True),
    ),
    "publish": (
        ("post", True), ("publish", False), ("tweet", True), ("announce", False), ("broadcast", True),
        ("upload", True), ("submit", False), ("release", True), ("go live", False), ("ship", True), ("launch", True),
    ),
    "pay": (
        ("pay", True), ("transfer", True), ("wire", True), ("refund", True), ("charge", True), ("reimburse", False),
        ("buy", False), ("purchase", True), ("order", True), ("donate", True), ("subscribe", False), ("top up", True),
        ("deposit", True), ("withdraw", True), ("invest", True), ("sell", True), ("renew", True),
    ),
    "book": (
        ("book", True), ("reserve", True), ("schedule", True), ("reschedule", False), ("postpone", False),
        ("cancel", False), ("move (?:my|the|our|his|her|tomorrow's|today's|monday's|friday's) [\\w ]{0,20}?"
         "(?:meeting|appointment|call|event|slot|booking|lunch|dinner|file|folder|ticket|money|funds)", False),
        ("call off", False), ("sign (?:me|us|him|her) up", False), ("rsvp", False), ("accept the", False),
        ("decline the", False), ("check (?:me|us) in(?: for)?", False),
    ),
    "run": (
        ("deploy", False), ("roll ?back", True), ("restart", False), ("reboot", False), ("shut ?down", True),
        ("turn (?:on|off)", False), ("turn (?:the|my|all|this) [\\w ]{1,25} (?:on|off)", False),
        ("switch (?:on|off)", False), ("kill", True), ("terminate", True), ("stop", True), ("start", True),
        ("run", True), ("execute", True), ("trigger", True), ("install", False), ("upgrade", True), ("downgrade", True),
        ("migrate", True), ("reset", True), ("revert", True), ("restore", True), ("push", True), ("merge", True),
        ("rebase", True), ("enable", True), ("disable", True), ("activate", False), ("deactivate", False),
        ("block", True), ("unblock", True), ("freeze", True), ("lock", True), ("unlock", True), ("suspend", True),
        ("back ?up", True), ("format", True), ("archive", True), ("provision", True), ("scale", True), ("mount", True),
        ("flush", True), ("print", True), ("take [\\w ]{1,30} off (?:the|my|our)", False), ("rotate", True), ("sync", True), ("import", True), ("export", True),
    ),
    "decide": (
        ("approve", False), ("reject", True), ("deny", True), ("sign", True), ("accept", True), ("fire", True),
        ("hire", True), ("promote", True), ("ban", True), ("mute", True), ("kick", True), ("grant", True),
        ("revoke", False), ("assign", True), ("reassign", True), ("give (?!me|us|an? )[\\w ]{1,30}? "
         "(?:access|admin|rights?|permissions?|root|a raise|(?:the )?day off)", False),
        ("make (?!me|us|a |an |sure)[\\w ]{1,25}? (?:an? )?(?:admin|owner|moderator|manager|approver|public|private)", False),
        ("add (?!me up|up|these|this|those|the numbers|\\d)[\\w @.'-]{1,50}? (?:to|into|in|on) (?:the|my|our|this|his|her)? ?"
         "[\\w #'-]{0,25}?(?:list|calendar|cart|basket|channel|group|team|playlist|board|backlog|allowlist|whitelist|"
         "blocklist|blacklist|database|contacts?|guest|project|repo|repository|organi[sz]ation|#\\w+)", False),
        ("close", True), ("reopen", True), ("mark", True), ("pin", True), ("unpin", True), ("log me out", False),
        ("report", True), ("file a", False), ("open an? (?:ticket|issue|case|pull request|pr|account|claim)", False),
        ("tag", True), ("label", True), ("rename", True), ("update", True), ("change", True), ("edit", True),
        ("replace", True), ("modify", True), ("increase", True), ("decrease", True), ("raise", True), ("lower", True),
        ("set(?: up)?", True), ("adjust", True), ("correct", True), ("switch", True), ("save", True), ("store", True),
        ("link", True), ("connect", True), ("disconnect", True), ("unlink", True), ("record", True),
    ),
    "create": (("create", False), ("make", False), ("add", False), ("set up", False), ("generate", False),
               ("register", True), ("build", False), ("put", True), ("insert", True)),
    "remind": (
        ("remind (?:me|us|him|her|them|everyone|the team|[a-z]+)(?! (?:again )?(?:what|why|who|how|where|which)\\b)", False),
        ("set(?: up)?(?: (?:me|us))? (?:a |an |another |the |my )?(?:reminder|alarm|timer)", False),
        ("wake (?:me|us)(?: up)?(?= (?:up|at|in|on|by|tomorrow|early|every|before|around|when)\\b|$)", False),
        ("(?:create|make|add|give)(?: (?:me|us))? (?:a |an |another )?(?:reminder|alarm)", False),
        ("(?:ping|nudge|poke) me", False),
    ),
}  # fmt: skip

_OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    # de (imperatives; infinitives for "kannst du … löschen"), es, fr, pt, it, ms
    "delete": (
        "lösch(?:e|t|en)?", "entfern(?:e|t|en)", "vernicht(?:e|en)", "leer(?:e|en)", "deinstallier(?:e|en)",
        "b[oó]rra(?:r)?", "borre", "borres", "elimin(?:a|e|es|ar|alo|alos)", "quita", "vacía", "vaciar", "suprime",
        "supprim(?:e|er|es|ez)", "effac(?:e|er|es|ez)", "enlèv(?:e|es)", "enlever", "vide", "vider", "détrui(?:s|re)",
        "apag(?:a|ar|ue|ues)", "exclu(?:a|i|ir)", "remov(?:e|a|er)",
        "cancell(?:a|are|i|alo)", "elimin(?:are|i)", "rimuov(?:i|ere)", "svuota(?:re)?",
        "padam(?:kan)?", "buang(?:kan)?", "hapus(?:kan)?",
    ),
    "send": (
        "schick(?:e|t|en)?", "send(?:e|en|et)", "versend(?:e|en)", "leite", "weiterleiten", "sag (?!mir|uns)\\w+",
        "benachrichtig(?:e|en)", "informier(?:e|en)", "antwort(?:e|en) (?:auf|ihm|ihr|dem|der)", "lade", "einladen", "ruf",
        "env[ií](?:a|e|es|ar|ale|ame)?", "m[aá]nd(?:a|e|ar|ale)", "reenv[ií](?:a|ar)", "avisa(?:r|le)? a", "notifica(?:r)?",
        "llam(?:a|ar) a", "invita(?:r)? a", "dile a", "responde a",
        "envo(?:ie|yer|ies|yez)", "transf[eé]r(?:e|er) (?:ce|le|cet|la|mon|ma|l')", "préviens", "prévenir", "avertis",
        "appelle", "invite", "dis à", "réponds à", "notifie",
        "envi[ae](?:r|s)?", "mand[ae](?:r)?", "encaminh(?:a|e|ar)", "avis[ae](?:r)?", "convid(?:a|e|ar)", "diz (?:ao|à|a)",
        "invi(?:a|are|i)", "mand(?:a|are|i)", "inoltr(?:a|are)", "avvis(?:a|are)", "invit(?:a|are)", "di' a",
        "hantar(?:kan)?", "majukan", "beritahu (?!saya)", "jemput", "maklumkan",
    ),
    "publish": (
        "veröffentlich(?:e|en)", "poste", "posten", "lade .{1,30} hoch", "hochladen",
        "public(?:a|ar|alo)", "publique", "sube", "subir", "publi(?:e|er|ez)", "poster", "mets en ligne",
        "pubblic(?:a|are)", "carica(?:re)?", "terbitkan", "muat naik", "siarkan",
    ),
    "pay": (
        "überweis(?:e|en)", "bezahl(?:e|en)", "zahl(?:e|en)", "kauf(?:e|en)?", "bestell(?:e|en)", "erstatt(?:e|en)",
        "pag(?:a|ar|ue|ues|are)", "transfier(?:e|as)", "transferir", "compra(?:r|re)?", "ped(?:ir|e una?)", "reembolsa(?:r)?",
        "pai?e[rz]?", "vire", "virer", "achète", "acheter", "commande(?:r)?", "rembourse(?:r)?",
        "transfere", "transfira", "compre", "encomenda(?:r)?", "bonifica", "ordina(?:re)?", "acquista(?:re)?", "rimborsa",
        "bayar", "beli", "pindahkan", "tempah",
    ),
    "book": (
        "buch(?:e|en)", "reservier(?:e|en)", "verschieb(?:e|en)?", "stornier(?:e|en)", "sag .{1,40} ab", "absagen", "kündig(?:e|en)",
        "plan(?:e|en) (?:einen?|das|den) (?:termin|treffen|meeting)", "trag(?:e)? .{1,60} ein", "eintragen",
        "reserv(?:a|ar|e)", "cancel(?:a|ar|e|es)", "anul(?:a|ar)", "aplaza(?:r)?", "agenda(?:r)?", "programa(?:r)? (?:una?|la|el)",
        "réserve[rz]?", "annule[rz]?", "reporte[rz]?", "planifie[rz]?", "décale[rz]?",
        "marc(?:a|ar|que) (?:uma?|a|o)", "adi(?:a|ar)", "prenot(?:a|are)", "annull(?:a|are)", "sposta(?:re)?", "fissa(?:re)?",
        "batalkan", "tangguhkan", "jadualkan",
    ),
    "run": (
        "start(?:e|en)", "neustarten", "stopp(?:e|en)", "fahr(?:e)? .{1,40} (?:herunter|hoch)", "herunterfahren", "beend(?:e|en)",
        "install(?:iere|ieren)", "schalt(?:e)? .{1,40} (?:ein|aus|an|ab)", "(?:ein|aus|ab)schalten", "sperr(?:e|en)",
        "deaktivier(?:e|en)", "aktivier(?:e|en)", "führ(?:e)? .{1,40} aus", "ausführen", "setz(?:e)? .{1,40} zurück",
        "zurücksetzen", "spiel(?:e)? .{1,30} ein",
        "reinici(?:a|ar|e)", "det[eé]n(?:er)?", "para (?:el|la|los|las)", "apaga(?:r)? (?:el|la)", "instala(?:r|re)?",
        "despliega", "desplegar", "ejecuta(?:r)?", "bloque(?:a|ar|e)", "activa(?:r)?", "desactiva(?:r)?", "restablece(?:r)?",
        "redémarre[rz]?", "arrête[rz]? (?:le|la|les|ce)", "étein(?:s|dre)", "installe[rz]?", "déploie", "déployer", "exécute[rz]?",
        "lance[rz]? (?:le|la|les|ce|un|une)", "bloque[rz]?", "désactive[rz]?", "réinitialise[rz]?",
        "desliga(?:r)?", "instal(?:a|ar|e)", "execut(?:a|ar|e)", "implanta(?:r)?",
        "riavvi(?:a|are)", "ferma(?:re)?", "spegn(?:i|ere)", "esegu(?:i|ire)", "blocca(?:re)?", "disattiva(?:re)?", "distribuisci",
        "mulakan semula", "hentikan", "pasang", "jalankan", "matikan", "sekat",
    ),
    "decide": (
        "genehmig(?:e|en)", "lehn(?:e)? .{1,40} ab", "ablehnen", "gib (?!mir|uns)\\w+ .{0,25}(?:zugriff|rechte|zugang)",
        "füg(?:e)? .{1,60} hinzu", "hinzufügen", "änder(?:e|n)", "ändere", "entlass(?:e|en)", "schließ(?:e|en)?",
        "weis(?:e)? .{1,40} zu", "nimm .{1,40} aus (?:dem|der)", "setz(?:e)? .{1,40} auf",
        "aprueba", "aprobar", "rechaza(?:r)?", "añad(?:e|ir) .{1,60} (?:a la|al|a mi)", "agrega(?:r)? .{1,60} (?:a la|al|a mi)",
        "cambia(?:r|re)?", "cierra", "cerrar", "asigna(?:r)?", "da(?:le)? acceso", "actualiza(?:r)?", "modifica(?:r|re)?",
        "approuve[rz]?", "refuse[rz]?", "ajoute[rz]? .{1,60} (?:à|au|aux|dans)", "change[rz]? (?:le|la|les|l'|mon|ma|mes|ce|cette|notre)", "modifie[rz]?", "ferme[rz]?",
        "assigne[rz]?", "donne (?!moi|nous|-moi).{1,30} accès", "mets à jour", "licencie[rz]?",
        "aprov(?:a|ar|e)", "adiciona(?:r)? .{1,60} (?:à|ao|na|no)", "muda(?:r)?", "alter(?:a|ar)", "fecha(?:r)?", "atribu(?:i|ir)",
        "approva(?:re)?", "aggiung(?:i|ere) .{1,60} (?:alla|al|ai|agli)", "aggiorna(?:re)?", "chiud(?:i|ere)", "assegna(?:re)?",
        "luluskan", "tolak", "tambah(?:kan)? .{1,60} (?:ke|dalam)", "tukar(?:kan)?", "tutup", "kemas ?kini",
    ),
    "create": (
        "erstell(?:e|en)", "leg(?:e)? .{1,40} an", "anlegen", "crea(?:r|re)?", "cr[ée]e[rz]?", "cri(?:a|ar|e)", "cipta(?:kan)?", "buat(?:kan)?",
        "haz", "fais", "faz", "fai", "mach(?:e)?",
    ),
    "remind": (
        "erinner(?:e|n|st)?(?: du)? (?:mich|uns|ihn|sie|alle)", "mich .{0,80}erinnern", "(?:stell|setz)(?:e)? .{0,20}(?:wecker|timer|erinnerung)", "weck mich",
        "recu[ée]rda(?:me|nos|le|rme|rnos)", "(?:pon|crea|ponme)(?:me)? (?:una? )?(?:recordatorio|alarma)", "avísame", "despiértame",
        "rappelle[- ](?:moi|nous|lui)", "me rappeler", "nous rappeler", "mets(?:[- ]moi)? un (?:rappel|réveil|minuteur)", "réveille[- ]moi",
        "lembr[ae][- ]?(?:me|nos)", "lembrar[- ]me", "me lembr(?:ar|e|a)", "cria(?:r)? um lembrete", "acorda-me",
        "ricorda(?:mi|ci|gli)", "ricordarmi", "imposta (?:un )?(?:promemoria|sveglia)", "svegliami",
        "ingatkan (?:saya|aku|kami)", "tetapkan peringatan", "kejutkan saya",
    ),
}  # fmt: skip

# Pronouns that Romance languages hang on an imperative: "envíalo", "envoie-le", "mandaglielo".
_ATTACHED = r"(?:(?:-(?:le|la|les|lui|leur|moi|nous|me|o|a|os|as|lo|lhe))+|l[oae]s?|sel[oa]s?|gliel[oaie])?"

_OBJECT = (
    r"(?= (?:(?:the|a|an|my|our|your|his|her|its|their|this|that|these|those|all|every|each|any|both|everything|it|them|him|"
    r"us|me|everyone|everybody|another|some|more|one|two|three|four|five|six|ten|to|in|into|on|with|for|out|down|up|over|back|"
    r"user|users|table|pod|pull|pr|order|orders|customer|customers|payment|card|account|accounts|issue|version|build|backup|"
    r"backups|job|jobs|process|pid|server|production|prod|staging|main|master|branch|access|invoice|ticket)(?![\w])|"
    r"(?-i:[A-Z«])|\d|[$€£#@«\"']))"
)


def verb_patterns() -> tuple[tuple[str, Pattern], ...]:
    """(kind, pattern) pairs; a pattern matches at the start of a request whose openers were taken off."""
    out: list[tuple[str, Pattern]] = []
    for kind in ("remind", *(k for k in _EN if k != "remind")):
        plain = [v for v, noun in _EN[kind] if not noun]
        nouns = [v for v, noun in _EN[kind] if noun]
        parts = [rf"{_any(*plain)}\b"] if plain else []
        if nouns:
            parts.append(rf"{_any(*nouns)}\b{_OBJECT}")
        others = _OTHERS.get(kind, ())
        if others:
            parts.append(rf"{_any(*others)}{_ATTACHED}(?![\w])")
        out.append((kind, lazy("^" + _any(*parts), re.IGNORECASE)))
    return tuple(out)


# Verb-last requests: "kannst du bitte die Tabelle löschen", "bitte alle Logs entfernen".
VERB_LAST: Final = lazy(
    r"\b(?P<delete>löschen|entfernen|vernichten|leeren|deinstallieren)|(?P<send>schicken|senden|weiterleiten|benachrichtigen|"
    r"informieren|einladen|anrufen)|(?P<publish>veröffentlichen|posten|hochladen)|(?P<pay>überweisen|bezahlen|kaufen|"
    r"bestellen|erstatten)|(?P<book>buchen|reservieren|verschieben|stornieren|absagen|kündigen|eintragen)|"
    r"(?P<run>neustarten|neu starten|stoppen|herunterfahren|beenden|installieren|einschalten|ausschalten|abschalten|sperren|"
    r"deaktivieren|aktivieren|ausführen|zurücksetzen|deployen|einspielen)|(?P<decide>genehmigen|ablehnen|hinzufügen|ändern|"
    r"entlassen|schließen|zuweisen)|(?P<create>anlegen)|(?P<remind>erinnern)[.!?\s]*$"
)

# Objects that are text, code or thought: making or changing them is answering, not acting.
CONTENT: Final = lazy(
    r"\b(?:functions?|methods?|class(?:es)?|scripts?|regex(?:es)?|regexp|quer(?:y|ies)|poems?|stor(?:y|ies)|lists?(?! ?$)|summar(?:y|ies)|"
    r"outlines?|paragraphs?|sentences?|essays?|haikus?|jokes?|examples?|snippets?|code|components?|html|css|readme|"
    r"dockerfiles?|makefiles?|unit tests?|test cases?|diagrams?|plans?|agenda|drafts?|slogans?|titles?|headlines?|templates?|quiz|"
    r"prompts?|recipes?|itinerar(?:y|ies)|outlook|words?|lines?|tone|wording|style|grammar|spelling|typos?|text|"
    r"variables?|columns?|rows?|cells?|strings?|arrays?|comments?|commas?|whitespace|spaces?|duplicates?|characters?|letters?|"
    r"punctuation|indentation|docstrings?|type hints?|imports?|loops?|formulas?|json|yaml|xml|csv|markdown|table of|"
    r"comparison|overview|checklist|cheat ?sheet|presentation|slides?|speech|song|lyrics|letter|cover letter|names? for|ideas?|"
    r"case for|sense|it (?:shorter|longer|simpler|clearer|funnier|more|less|sound|rhyme)|this (?:shorter|simpler|clearer)|"
    r"bullet points?|pros and cons|story|scene|character|dialogue|logo|mnemonic|workout|meal plan|study plan|"
    r"funktion|klasse|skript|gedicht|geschichte|liste|zusammenfassung|absatz|satz|sätze|beispiel|text|kommentare?|überschrift|"
    r"entwurf|plan|vergleich|übersicht|wörter|tabelle mit|"
    r"función|clase|poema|cuento|historia|lista de|resumen|párrafo|frase|ejemplo|texto|comentarios?|título|borrador|"
    r"fonction|classe|poème|histoire|liste de|résumé|paragraphe|phrase|exemple|texte|commentaires?|titre|brouillon|tableau|"
    r"função|classe|conto|resumo|parágrafo|exemplo|funzione|poesia|racconto|riassunto|paragrafo|esempio|testo|"
    r"fungsi|sajak|puisi|cerita|senarai|ringkasan|perenggan|ayat|contoh|teks)\b"
)
# Words that put a content object out in the world after all.
WORLD: Final = lazy(
    r"\b(?:prod(?:uction)?|staging|live|database|db|server|servers|cluster|disk|drive|repo(?:sitory)?|branch|bucket|backups?|"
    r"account|inbox|calendar|wiki|website|site|channel|board|jira|github|gitlab|slack|notion|drive|dropbox|s3|ticket|crm|"
    r"customers?|clients?|everyone|team|produktion|datenbank|konto|postfach|kalender|kanal|kunden|"
    r"producción|base de datos|servidor|cuenta|clientes?|calendario|base de données|serveur|compte|produção|banco de dados|"
    r"produzione|server di|pangkalan data|pelayan|akaun)\b"
)
# "in the text below", "from this code": the change is asked of material at hand.
AT_HAND: Final = lazy(
    r"\b(?:in|from|of|to|on)? ?(?:this|that|the|my|these|following|above|below|attached)? ?(?:following|above|below|attached|"
    r"pasted|quoted|given|text|code|paragraph|sentence|snippet|essay|draft|function|string|passage|expression|equation)\b|"
    r"«»|«code»|\b(?:in|with|using) (?:python|sql|postgres(?:ql)?|mysql|javascript|typescript|java|rust|go|c\+\+|c#|php|ruby|bash|excel|"
    r"numpy|pandas|html|css|react|vim|git|word|google sheets|regex|r)\b"
)

# Things that one creates, sets or puts in the world, not on paper.
THINGS: Final = lazy(
    r"\b(?:tickets?|issues?|users?|accounts?|channels?|events?|branch(?:es)?|databases?|tables? in|repos?|repositor(?:y|ies)|"
    r"folders?|files?|invoices?|meetings?|appointments?|bookings?|reservations?|reminders?|alarms?|timers?|tasks?|backups?|pull requests?|prs?|payments?|"
    r"calendar|calls? with|rooms?|polls?|posts?|pages? (?:in|on)|records? (?:in|for)|orders?|groups?|projects? (?:in|on|called|named)|"
    r"servers?|instances?|vms?|clusters?|rules?|polic(?:y|ies)|webhooks?|api keys?|tokens?|contacts?|buckets?|playlists?|to-?do|shopping list|"
    r"termin|konto|nutzer|benutzer|ticket|kanal|ordner|datei|rechnung|wecker|aufgabe|eintrag|"
    r"cuenta|usuario|canal|carpeta|archivo|factura|reunión|cita|tarea|evento|incidencia|"
    r"compte|utilisateur|dossier|fichier|facture|réunion|rendez-vous|tâche|événement|"
    r"conta|utilizador|usuário|pasta|ficheiro|arquivo|fatura|reunião|tarefa|cartella|fattura|riunione|appuntamento|"
    r"akaun|pengguna|fail|mesyuarat|tugasan|temu janji|tiket)\b"
)
