"""111 SENSE: what kind of exchange this is (lane), what is wanted (intent), and what rests on the answer (stakes).

No model and no network: it runs before anything is paid for. `docs/floors/lanes.md` has its measured errors.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.patterns import lazy
from organs import language as languages
from organs.bundles import Lane, Turn
from organs.courtesy import courtesy
from organs.sense_words import ASKING, AT_HAND, CONTENT, NEGATED, OPENERS, THINGS, VERB_LAST, WORLD, verb_patterns
from organs.strain import strained


@dataclass(frozen=True, slots=True)
class Sense:
    """How 111 reads a request."""

    lane: Lane
    intent: str
    question: bool
    imperative: bool
    high_stakes: bool
    professional: str | None  # "a doctor", "a lawyer", "a financial adviser"
    written_reply: str | None  # key in manifest/replies.toml when a written reply fits the whole message
    language: str
    language_tested: bool
    creative: bool  # fiction, opinion, joke: nothing is claimed
    reasons: tuple[str, ...]


MAX_READ: Final = 4000  # characters of a message that 111 reads; what is longer is material, not a request
_FENCE = lazy(r"```.*?(?:```|$)|~~~.*?(?:~~~|$)|`[^`\n]{1,300}`", re.DOTALL)
_QUOTED = lazy(
    r"\"[^\"\n]{1,600}\"|“[^”]{1,600}”|„[^“”]{1,600}[“”]|«[^»]{1,600}»|‘[^’\n]{2,600}’(?!\w)|"
    r"(?<![\w])'(?=\S)[^'\n]{2,600}'(?![\w])"
)
_QUOTE_LINE = lazy(r"^\s{0,3}>.*$", re.MULTILINE)
_SENTENCE = lazy(r"(?<=[.!?;\n。！？])\s+|\n+")
_CLAUSE = lazy(r",? (?:and|then|und|dann|y|luego|et|puis|e|poi|dan)(?: then| dann| luego| puis| poi)? |[,;] ?")

_VERBS: Final = verb_patterns()

_TEXT_WORK: Final = lazy(
    r"^(?:summari[sz]e|sum up|tl;?dr|translate|rewrite|rephrase|paraphrase|proofread|explain|describe|compare|list|show|give (?:me|us)|tell (?:me|us)|find|search|"
    r"look up|check|review|analy[sz]e|write|draft|compose|generate|outline|suggest|recommend|calculate|compute|convert|solve|define|help (?:me|us)|brainstorm|"
    r"prepare|read|extract|simplify|shorten|expand|improve|debug|refactor|implement|count|plan|estimate|walk me|teach|"
    r"fass(?:e)? .{0,60}zusammen|übersetz|erklär|beschreib|vergleich|schreib|zeig|gib mir|sag mir|nenn|liste|prüf|such|formulier|hilf|berechne|rechne|"
    r"resum|traduc|explica|describe|compara|escrib|muestra|dame|dime|lista|revisa|busca|redacta|ayuda|calcula|"
    r"résum|tradui|explique|décri|compare|écri|montre|donne[- ]moi|dis[- ]moi|cherche|rédige|corrige|aide|calcule|"
    r"traduz|escreve|escreva|mostra|diz-me|verifica|procura|ajuda|riassum|spiega|scrivi|mostra|dammi|dimmi|cerca|aiuta|"
    r"ringkas|terjemah|terangkan|tulis|tunjuk|beri saya|cari|semak|kira)"
)
_CREATIVE: Final = lazy(
    r"\b(?:tell|give|sing|crack|know|have|hear|want|got)\b.{0,14}\b(?:jokes?|riddle|pun|limerick|knock[- ]knock|one-liner|bedtime story|fairy ?tale|songs?|poem|love letter)\b|"
    r"\b(?:write|compose|make up|invent|create|tell|give|generate|continue|finish|need)\b.{0,40}\b(?:poem|haiku|limerick|sonnet|short story|story|fairy ?tale|fable|tale|song|lyrics|rap|"
    r"scene|screenplay|dialogue|fan ?fiction|fiction|novel|verse|ballad|parody|slogan|tagline|riddle|toast|love letter|pick-?up lines?)\b(?! (?:points?|map|in (?:jira|the backlog)))|"
    r"^(?:act|behave|speak|talk|respond|pose|play) (?:as|like) |^(?:pretend|imagine|role-?play|let's (?:play|pretend|role-?play)|play (?:the role|a game|20 questions|hangman))|\bonce upon a time\b|"
    r"\b(?:erzähl|schreib|dichte|erfinde|sag|kennst)\w*\b.{0,30}\b(?:witz|gedicht|geschichte|märchen|lied|reim|haiku|rätsel|scherz)|^(?:spiel|tu so|stell dir vor)|"
    r"\b(?:cuénta|cuenta|escrib|inventa|haz|dime|sabes|componer?)\w*\b.{0,30}\b(?:chiste|poema|cuento|historia|canción|haiku|adivinanza|rima|fábula)|^(?:actúa|finge|imagina|juguemos)|"
    r"\b(?:racont|écri|invent|compos|dis|connais|fais)\w*(?:-moi|-nous|-tu)?\b.{0,30}\b(?:blague|poème|histoire|conte|chanson|haïku|devinette|fable)|^(?:joue|fais semblant|imagine|fais comme)|"
    r"\b(?:conta|escrev|inventa|racconta|scriv|dimmi|ceritakan|tulis|buat)\w*\b.{0,30}\b(?:piada|poema|história|canção|barzelletta|poesia|storia|canzone|favola|jenaka|lawak|sajak|pantun|cerita|puisi)"
)
_OPINION: Final = lazy(
    r"\b(?:what (?:do|would) you (?:think|say|feel) (?:of|about)|what(?:'s| is) your (?:opinion|take|view|favou?rite)|do you (?:like|prefer|enjoy|believe in|think (?:that )?(?:it'?s|pineapple|cats|dogs|people|we|life|love|god))|"
    r"your favou?rite|which do you (?:like|prefer)|would you rather|cats or dogs|tabs or spaces\b.{0,5}$|"
    r"was (?:denkst|hältst|meinst) du (?:über|von|zu)|magst du|dein(?:e)? lieblings|wie findest du|"
    r"qué (?:piensas|opinas) (?:de|sobre)|te gusta|tu favorit[oa]|que penses-tu|qu'en penses-tu|tu penses quoi|aimes-tu|tu préfères|ton (?:film |livre )?préféré|"
    r"o que (?:achas|pensas) (?:de|sobre)|gostas de|cosa (?:pensi|ne pensi)|ti piace|apa pendapat (?:awak|anda))"
)
_SMALLTALK: Final = lazy(
    r"^.{0,90}\b(?:haha(?:ha)*|lol|lmao|hehe|jaja(?:ja)*|mdr|xd)\W*$|^(?:i'?m (?:bored|back|here|hungry|sleepy|happy|so happy|excited|off to|heading|done for|going to bed|home)|(?:it'?s|it is|what a|such a) (?:\w+ ){0,3}(?:day|weather|evening|morning|rain(?:y|ing)|sunny|hot|cold|friday|monday)|"
    r"(?:happy|merry) (?:birthday|christmas|new year|friday|easter|holidays)|congrat|well done|good (?:job|luck|point|one|bot|idea)|nice (?:work|job|one|to meet|weather|day)|you (?:rock|are funny|'re funny|made my day|are (?:so )?(?:smart|clever|kind|sweet))|"
    r"(?:haha|lol|lmao|hehe)|i (?:love|like) (?:this|that|it|you|your|pizza|coffee|mondays|fridays)|guess what|how was your (?:day|weekend|night)|did you (?:sleep|have a)|i (?:had|have) (?:a )?(?:great|good|lovely|nice|wonderful)|"
    r"ich bin (?:zurück|wieder da|müde|gelangweilt)|(?:was für ein|so ein|schönes) .{0,20}(?:wetter|tag)|alles gute|herzlichen glückwunsch|frohe|gut gemacht|mir ist langweilig|"
    r"qué (?:buen|bonito|lindo|calor|frío)|feliz|felicidades|felicitaciones|buen trabajo|estoy aburrid|me aburro|"
    r"quel(?:le)? (?:belle|beau|temps|chaleur)|joyeux|bon (?:anniversaire|travail)|bravo|félicitations|je m'ennuie|il fait (?:beau|froid|chaud)|"
    r"que (?:lindo|bom|calor)|parabéns|che bella|auguri|buon compleanno|complimenti|tahniah|selamat hari jadi|saya bosan)"
)
_CODE: Final = lazy(
    r"\b(?:code|function|python|javascript|typescript|java|sql|postgres|regex|bug|stack ?trace|exception|traceback|compile|api|docker|kubernetes|git|bash|class|unit tests?|css|html|json|rust|"
    r"segfault|null pointer|npm|pip|linux|terminal|shell|query|react|async|pandas|numpy|deadlock|codebase)\b|«code»"
)
_INTENTS: Final = tuple(
    (name, lazy(pattern))
    for name, pattern in (
        (
            "translation",
            r"\b(?:translat|übersetz|tradu[ciz]|traduire|tradui|terjemah|how do (?:you|i) say .{1,40} in \w+)",
        ),
        (
            "summary",
            r"\b(?:summar|sum up|tl;?dr|recap|zusammenfass|fass(?:e)?\b.{0,80}\bzusammen|resum|résum|riassum|ringkas|key points|main points)",
        ),
        (
            "review",
            r"\b(?:review|proofread|feedback|critique|check (?:this|my|the)|korrigier|prüf|revisa|corrige|relis|verifica|semak)",
        ),
        (
            "how_to",
            r"\b(?:how (?:do|can|to|would|should)|steps to|instructions|wie (?:kann|mache?|geht|lösche?|entferne)|cómo|comment|como (?:fa[çz]o|posso)|come (?:si|posso|faccio)|bagaimana)",
        ),
        (
            "mathematics",
            r"\d\s*[-+*/×÷^%]\s*\d|\b(?:solve|equation|integral|derivative|calculate|compute|percent|square root|berechne|calcula|calcule)",
        ),
        ("draft", r"\b(?:draft|write|compose|schreib|formulier|redacta|escrib|rédige|écri|escrev|scriv|tulis)"),
        (
            "comparison",
            r"\b(?:compare|versus|vs\.?|difference between|unterschied|diferencia|différence|differenza|better|beza)",
        ),
    )
)

# Where an answer is a professional's matter (DESIGN, F2). A symptom, a dose, a right, an investment: not the mere word.
_MEDICAL: Final = lazy(
    r"\b(?:symptoms?|diagnos\w+|dosage|doses?|overdos\w+|prescri\w+|medications?|medicines?|antibiotics?|ibuprofen|paracetamol|acetaminophen|tylenol|aspirin|insulin|antidepressants?|ssri|"
    r"blood pressure|blood sugar|cholesterol|chest pain|fever|rash|migraines?|headaches?|allerg(?:y|ic|ies)|pregnan\w+|miscarriage|vaccin\w+|cancer|tumou?r|diabet\w+|asthma|infection|"
    r"side effects?|surgery|chemo\w*|adhd|swollen|vomit\w*|diarrh\w+|mole on|lump|stitches|concussion|sprain\w*|heart attack|stroke symptoms|numbness|dizz\w+|std|contracepti\w+|"
    r"symptome?|diagnose|dosis|medikamente?|tabletten|blutdruck|fieber|schwanger\w*|impfung|krebs|kopfschmerzen|brustschmerzen|bauchschmerzen|nebenwirkungen|ausschlag|"
    r"síntomas?|diagnóstico|dosis|medicamentos?|pastillas|presión arterial|fiebre|embaraz\w+|vacuna|cáncer|dolor de (?:cabeza|pecho|barriga|estómago)|ibuprofeno|paracetamol|"
    r"symptômes?|diagnostic|médicaments?|tension artérielle|fièvre|enceinte|vaccin|mal (?:de tête|au ventre)|douleurs? (?:thoracique|à la poitrine)|effets secondaires|ibuprofène|"
    r"sintomas?|remédios?|febre|grávida|dor (?:de cabeça|no peito)|sintomi|farmac\w+|febbre|incinta|mal di testa|dolore al petto|gejala|ubat|demam|hamil|sakit (?:kepala|dada|perut))\b"
)
_LEGAL: Final = lazy(
    r"\b(?:sue|suing|lawsuit|legal(?:ly)?|illegal|lawyer|attorney|custody|divorce (?:law|papers|settlement)|eviction|evict|tenant rights?|landlord (?:can|keep|refus)\w*|liab(?:le|ility)|"
    r"(?:terminate|break|breach(?: of)?|void|enforce\w*) (?:the |my |a |an |this )?(?:contract|lease|employment|nda)|non-?compete|copyright infring\w+|trademark|patent|visa (?:status|application|expire\w*)|green card|asylum|"
    r"statute of limitations|small claims|inherit\w*|probate|power of attorney|(?:unfair|wrongful) dismissal|severance|gdpr fine|criminal charge|bail|deport\w+|restraining order|"
    r"verklag\w+|rechtlich|anwalt|kündigungs(?:frist|schutz)|mietrecht|vermieter|sorgerecht|erbrecht|strafbar|haftet?|haftung|aufenthaltstitel|"
    r"demandar|legal(?:mente)?|ilegal|abogad[oa]|despido improcedente|custodia|desahucio|herencia|contrato de (?:alquiler|trabajo)|"
    r"porter plainte|poursuivre en justice|légal(?:ement)?|illégal|avocate?|licenciement abusif|garde des enfants|expulsion|héritage|propriétaire peut|"
    r"processar|advogad[oa]|despedimento|herança|avvocato|licenziamento|eredità|affidamento|peguam|saman|undang-undang)\b"
)
_FINANCIAL: Final = lazy(
    r"\b(?:(?:should|can|is it|would it be|good time).{0,40}\b(?:invest\w*|buy (?:stocks?|bitcoin|crypto|bonds|gold|etfs?|shares)|sell my (?:stocks?|shares|bitcoin)|refinanc\w+|mortgage|remortgage)|"
    r"invest(?:ing|ment)? (?:in|my|strategy|advice|portfolio)|index funds?|etfs?|retirement (?:savings|fund|plan)|401\(?k\)?|roth ira|pension (?:fund|plan|pot)|capital gains|tax (?:deduct\w+|return|bracket|advice|liability|credit)|"
    r"(?:pay|owe|declare|deduct) .{0,20}\btax(?:es)?|bankruptcy|debt consolidation|credit score|life insurance|stock (?:market|pick|tip)\w*|cryptocurrenc\w+|"
    r"geld anlegen|aktien|altersvorsorge|steuererklärung|steuerlich|kredit aufnehmen|hypothek|rente einzahlen|"
    r"invertir|acciones|hipoteca|jubilación|declaración de la renta|impuestos|"
    r"investir|bourse|actions en|hypothèque|crédit immobilier|impôts?|retraite|"
    r"ações|impostos|reforma|investire|azioni|mutuo|tasse|pensione|melabur|saham|cukai)\b"
)
_PUBLIC_DRAFT: Final = lazy(
    r"\b(?:write|draft|compose|prepare|reply|answer|respond|schreib|formulier|antwort|redacta|escrib|respond|rédige|écri|répond|escrev|scriv|tulis)\w*\b.{0,80}"
    r"\b(?:to (?:the |our |a |my )?(?:client|customer|investor|supplier|vendor|partner|press|public|regulator|authorit\w+|tax office|court|insurer|bank|landlord|journalist)s?|press release|"
    r"public (?:statement|announcement)|offer letter|contract|invoice|quote for|tender|"
    r"an (?:den|die|unseren?) (?:kunden|kundin|lieferanten|presse|behörde|bank|investoren)|pressemitteilung|"
    r"al? (?:cliente|proveedor|banco|inversor|prensa)|comunicado de prensa|(?:au|aux|à la|à notre) (?:client|fournisseur|banque|presse|investisseur)s?|communiqué de presse)\b"
)
_HEAVY_KINDS: Final = frozenset({"pay", "publish", "send"})


def _mask(text: str) -> str:
    """Own words with code and quotations replaced, so that what is only mentioned asks for nothing."""
    text = _FENCE.sub(" «code» ", text)
    text = _QUOTE_LINE.sub(" ", text)
    return _QUOTED.sub(" «» ", text)


def _is_question(text: str, lower: str) -> bool:
    return "?" in text or "؟" in text or "？" in text or ASKING.match(lower) is not None


def _action_of(clause: str, *, code: bool) -> str | None:
    """The kind of change that one clause asks for, or None. `clause` keeps its capitals."""
    stripped = clause.strip(" \t-*•.,:;\"'«»¿¡")
    lower = stripped.lower()
    opener = OPENERS.match(lower)
    rest = stripped[opener.end() :].strip(" ,:") if opener else stripped
    low = rest.lower()
    if NEGATED.match(low) or _NOTHING.match(low):
        return None
    if opener is not None and opener[0].rstrip().endswith("would you mind"):
        rest = _plain_verb(rest)
        low = rest.lower()
    for kind, pattern in _VERBS:
        found = pattern.match(rest)
        if found is None:
            continue
        if kind == "remind":
            return kind
        if kind == "create":
            return kind if THINGS.search(low) and not _paper(low, found.end()) else None
        if kind in {"decide", "delete", "run"} and _on_paper(low, code=code):
            return None
        if re.match(
            r"^(?:run|walk|talk) (?:me|us) (?:through|by)|^(?:start|stop) (?:by|with|over|talking|saying|being)\b|^set (?:x|y|z|n|f)\b|^call (?:it|me|this)\b|^run (?:the|these) numbers",
            low,
        ):
            return None
        if re.match(
            r"^(?:order|sort|book|mark|label|tag|record|text|message|post|change|set|report|sign|store|connect) (?:these|this list|them by|the following|recommend|as)\b",
            low,
        ):
            return None
        return kind
    if opener is not None or re.search(r"\bbitte\b", lower):
        last = VERB_LAST.search(low) or VERB_LAST.search(lower)
        if last is not None:
            kind = str(last.lastgroup)
            if kind in {"decide", "delete", "run"} and _on_paper(low, code=code):
                return None
            return kind
    return None


def _plain_verb(rest: str) -> str:
    """ "cancelling my call" → "cancel my call", where the plain form is a verb of change."""
    found = re.match(r"(\w+)ing\b", rest)
    if found is None:
        return rest
    base, tail = found[1], rest[found.end() :]
    for form in (base, base + "e", base[:-1] if base[-1:] == base[-2:-1] else base):
        if any(pattern.match(form + tail) for _, pattern in _VERBS):
            return form + tail
    return rest


def _paper(low: str, start: int) -> bool:
    """Whether what is to be made is text or code: the first noun after the verb decides."""
    content = CONTENT.search(low, start)
    thing = THINGS.search(low, start)
    return content is not None and (thing is None or content.start() < thing.start())


def _on_paper(low: str, *, code: bool) -> bool:
    """Whether the change is asked of text or code at hand and of nothing in the world."""
    if WORLD.search(low):
        return False
    return code or CONTENT.search(low) is not None or AT_HAND.search(low) is not None


_EXPLAINING: Final = lazy(
    r"^(?:explain|tell me|show me|describe|help (?:me|us)|i (?:want|need|would like|'d like) to|i'm trying to|trying to|how to|is |what )"
)
_AND_DO: Final = lazy(r"\b(?:and|then) (?:then )?(?:send|email|post|publish|delete|book|pay) (?:it|them|this)\b")
# "lösch noch nichts": the denial comes after the verb.
_NOTHING: Final = lazy(r"^\w+ (?:mir |uns |bitte |noch |das |es |sie |jetzt |davon )*(?:nichts?|keine?n?)\b")
# "we need the server rebooted"
_WISH: Final = lazy(
    r"\b(?:we|i)(?:'d)? (?:need|want|like) (?:the|my|our|this|that|these|all|it|everything)\b.{0,40}\b(?P<verb>deleted|removed|wiped|rebooted|restarted|deployed|cancell?ed|sent|paid|booked|"
    r"published|reset|stopped|archived|closed|transferred|moved|ordered|refunded|scheduled|posted|blocked)\b"
)
_WISH_KINDS: Final = {"delet": "delete", "remov": "delete", "wiped": "delete", "sent": "send", "paid": "pay", "trans": "pay", "order": "pay", "refun": "pay", "booke": "book", "cance": "book",
                      "sched": "book", "moved": "book", "publi": "publish", "poste": "publish"}  # fmt: skip
_HYPOTHETICAL: Final = lazy(
    r"^(?:if|when|whenever|once|as soon as|after|before|suppose|imagine|what if|in case|wenn|falls|sobald|nachdem|en cuanto|cuando|dès que|si|cuando|quand|lorsque|se|quando|jika|kalau)\b"
)
_PROGRAM: Final = lazy(
    r"^(?:write|create|make|build|generate|implement|give|show|schreib|erstell|escrib|crea|écri|crée)\w*\b.*\b(?:to|that|which|der|die|das|que|qui|zum?|para|pour)\b",
    re.DOTALL,
)


_ASKS_US: Final = lazy(
    r"^(?:and |but |so |then )?(?:please|pls|can you|could you|would you|will you|bitte|kannst du|por favor|puedes|s'il te plaît|peux-tu|trinity)\b"
)
# "jonas: delete the panel", "yogi_, activate it": said to somebody else in a channel.
_TO_ANOTHER: Final = lazy(
    r"^@?(?!trinity|please|urgent|task|todo|request|action|important|note|reminder|bitte|ok|okay|hey|hi|hello|now|first|then|next|c[1-9]\b)"
    r"(?:[\w|\[\]^-]{2,20}: |[a-z|\[\]^-]*[_\d][\w|\[\]^-]*, )(?=\S)",
    re.IGNORECASE,
)


def _imperative(masked: str) -> str | None:
    """The kind of change that the message asks for in any of its sentences, or None."""
    code = "«code»" in masked
    if _TO_ANOTHER.match(masked.strip()):
        return None
    head = masked[:6000]
    for sentence in _SENTENCE.split(head):
        if not sentence or not sentence.strip():
            continue
        lower = sentence.strip(" \t¿¡").lower().replace("’", "'")
        opener = OPENERS.match(lower)
        bare = lower[opener.end() :].strip(" ,:") if opener else lower
        if ASKING.match(bare) or (ASKING.match(lower) and opener is None):
            continue
        if _EXPLAINING.match(bare) and not _AND_DO.search(bare):
            continue
        if sentence.rstrip().endswith("?") and opener is None:
            continue  # "just the logs, delete them?" asks whether, not that
        wish = _WISH.search(lower) if "?" not in sentence else None
        if wish is not None:
            return _WISH_KINDS.get(wish["verb"][:5], "run")
        clean = sentence.strip(" \t¿¡").replace("’", "'")
        if _HYPOTHETICAL.match(bare):
            parts = re.split(r", ", clean, maxsplit=1)
            if len(parts) < 2 or "?" in clean:
                continue
            clean = parts[1]
        kind = _action_of(clean, code=code)
        if kind is not None:
            return kind
        if _PROGRAM.match(bare) and CONTENT.search(bare):
            continue
        for clause in _CLAUSE.split(clean)[1:]:
            # after work on text any clause may go on ("… and send it"); elsewhere it must ask by itself ("…, please stop it")
            if not _TEXT_WORK.match(bare) and not _ASKS_US.match(clause.lower().strip()):
                continue
            kind = _action_of(clause, code=code)
            if kind is not None and kind != "create":
                return kind
    return None


def _professional(lower: str, *, code: bool) -> str | None:
    if code:
        return None
    for pattern, who in ((_MEDICAL, "a doctor"), (_LEGAL, "a lawyer"), (_FINANCIAL, "a financial adviser")):
        if pattern.search(lower):
            return who
    return None


def sense(request: str, *, material: bool, history: Sequence[Turn]) -> Sense:
    """Read a stand-alone request. `material` says that quoted or attached text came with it.

    `history` settles the language of a message too short to tell.
    """
    before = next((t.text for t in reversed(history) if t.role == "user"), "")
    tongue = languages.detect(request, default=languages.detect(before) if before else "en")
    masked = _mask(request[:MAX_READ])
    lower = masked.lower().replace("’", "'").strip()
    question = _is_question(request[:MAX_READ], lower)
    tested = tongue in languages.TESTED
    reasons: list[str] = [] if tested else [f"no test covers {languages.name(tongue)}"]

    def out(
        lane: Lane, intent: str, why: str, *, written: str | None = None, creative: bool = False, imperative: bool = False,
        high: bool = False, professional: str | None = None,
    ) -> Sense:  # fmt: skip
        return Sense(
            lane, intent, question, imperative, high, professional, written, tongue, tested, creative, (why, *reasons)
        )

    if not material:
        key = courtesy(request)
        if key is not None:
            return out(Lane.SOCIAL, key, "nothing but courtesy or a question about Trinity itself", written=key)
    code = bool(_CODE.search(lower)) or "«code»" in masked
    professional = _professional(lower, code=bool(_CODE.search(lower)))
    opener = OPENERS.match(lower)
    bare = lower[opener.end() :].strip(" ,:") if opener else lower
    creative = not material and (_CREATIVE.search(bare) is not None or _CREATIVE.search(lower) is not None)
    kind = _imperative(masked)
    if kind is not None and not (creative and kind == "create"):
        high = kind in _HEAVY_KINDS
        return out(
            Lane.ACTION,
            kind,
            f"own words ask for a change ({kind})",
            imperative=True,
            high=high,
            professional=professional,
        )
    if strained(lower):
        return out(Lane.CARE, "care", "the writer or somebody near is strained", professional=professional)
    if creative:
        return out(Lane.SOCIAL, "fiction", "fiction, play or a joke is asked for", creative=True)
    if not material and not code and professional is None and _OPINION.search(lower):
        return out(Lane.SOCIAL, "opinion", "an opinion is asked for", creative=True)
    if not material and not code and _SMALLTALK.match(bare) and len(lower) < 120 and not (question and len(lower) > 60):
        return out(Lane.SOCIAL, "smalltalk", "small talk", creative=True)
    intent = next(
        (name for name, pattern in _INTENTS if pattern.search(lower)),
        "code" if code else "question" if question else "statement",
    )
    high = _PUBLIC_DRAFT.search(lower) is not None
    return out(
        Lane.FACTUAL, intent, "a text that leaves the team" if high else "asks for information or work on text",
        imperative=_TEXT_WORK.match(bare) is not None, high=high, professional=professional,
    )  # fmt: skip
