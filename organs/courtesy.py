"""Messages that a written reply answers best: greetings, thanks, "what are you", "do you have feelings".

A message counts only when nothing else is in it: "hello, what is 2+2?" is a question, not a greeting.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from typing import Final

from adapters.patterns import lazy

_GREETING: Final = (
    r"hello+|hi+|hey+|hiya|heya|howdy|yo|greetings|welcome back|good (?:morning|afternoon|evening|day)|morning|evening|"
    r"g'?day|sup|what'?s up|"
    r"hallo|guten (?:morgen|tag|abend)|moin(?: moin)?|servus|grüß (?:gott|dich)|gr[uü]ezi|tag|na|"
    r"hola|buenos días|buenos dias|buen día|buenas(?: tardes| noches)?|muy buenas|qué tal|que tal|"
    r"bonjour|bonsoir|bon matin|salut|coucou|bonne journée|"
    r"ol[áa]|oi|bom dia|boa (?:tarde|noite)|e aí|"
    r"ciao|buongiorno|buon giorno|buonasera|buona sera|salve|"
    r"hai|helo|selamat (?:pagi|petang|tengah hari|malam|sejahtera)|assalamualaikum|apa khabar"
)
_THANKS: Final = (
    r"thanks?(?: a (?:lot|million|bunch)| so much| very much| again)?|thank (?:you|u)(?: (?:so|very) much| again| a lot)?|thx|ty|tysm|"
    r"cheers|much appreciated|appreciate it|i appreciate (?:it|that|your help)|"
    r"danke(?: schön| sehr| dir| vielmals| nochmal)?|vielen (?:lieben )?dank|besten dank|herzlichen dank|tausend dank|merci vielmal|"
    r"(?:muchas |mil )?gracias(?: de nuevo)?|te lo agradezco|"
    r"merci(?: beaucoup| bien| encore| infiniment)?|mille mercis|je te remercie|"
    r"(?:muito )?obrigad[oa](?: pela ajuda)?|valeu|agradeço|"
    r"(?:tante |molte |mille )?grazie(?: mille| tante| ancora)?|ti ringrazio|"
    r"terima kasih(?: banyak| banyak-banyak)?|tq|"
    r"that (?:was|is|'s) (?:very |really |super )?(?:helpful|perfect|great)|that helped(?: a lot)?|you'?re (?:the best|great|awesome|a lifesaver)|"
    r"das (?:hat (?:sehr |mir )?geholfen|war (?:super|klasse|toll|perfekt|spitze|(?:sehr )?hilfreich))|très utile|muy útil"
)
_FAREWELL: Final = (
    r"(?:good ?)?bye(?: bye)?|see (?:you|ya)(?: later| soon| tomorrow)?|good ?night|ttyl|later|cya|take care|have a (?:nice|good|great) "
    r"(?:day|evening|weekend|one)|talk to you later|that'?s all(?: for (?:today|now))?|"
    r"tschüss?|tschau|auf wiedersehen|bis (?:bald|morgen|später|dann)|gute nacht|schönen (?:tag|abend|feierabend)(?: noch)?|schönes wochenende|"
    r"adiós|adios|hasta (?:luego|mañana|pronto|la vista)|nos vemos|chao|buen fin de semana|"
    r"au revoir|à (?:bientôt|demain|plus|tout à l'heure)|bonne (?:nuit|soirée)|adieu|bon week-end|"
    r"tchau|até (?:logo|amanhã|já|breve)|adeus|"
    r"arrivederci|a (?:presto|domani|dopo)|buonanotte|addio|"
    r"selamat (?:tinggal|jalan)|jumpa lagi"
)
_ACK: Final = (
    r"ok(?:ay|ey)?|k|cool|nice|great|perfect|awesome|alright|got it|understood|i see|makes sense|fine|good|wow|lol|lmao|rofl|(?:ha){2,}h?|(?:he){2,}|"
    r"sounds good|never ?mind|nvm|no worries|no problem|all good|interesting|sure|right|exactly|"
    r"alles klar|verstanden|super|gut|klar|passt|egal|schon gut|prima|toll|"
    r"vale|de acuerdo|entendido|genial|perfecto|claro|bien|jaja(?:ja)*|"
    r"d'accord|compris|parfait|entendu|génial|très bien|ça marche|mdr|"
    r"tá bem|está bem|entendi|perfeito|beleza|va bene|capito|perfetto|ottimo|baik(?:lah)?|faham|okey"
)
_FILLER: Final = (
    r"there|all|everyone|everybody|team|folks|guys|trinity|bot|assistant|friend|mate|dear|again|and|to you|you|"
    r"my friend|sir|madam|buddy|both|very much|so|well|oh|ah|um|just wanted to say|for (?:your|the|all your) help|for everything|"
    r"for (?:that|this|helping(?: me)?)|from \w+|today|today too|"
    r"zusammen|an alle|ihr lieben|leute|liebe[rs]?|und|dir|euch|für (?:deine|die|eure) hilfe|dafür|"
    r"a todos|a todas|amigo|amiga|equipo|y|por (?:tu|la|su) ayuda|por todo|"
    r"à tous|à toi|tout le monde|l'équipe|et|mon ami|pour (?:ton|votre|l') ?aide|pour tout|"
    r"a todos|pessoal|pela ajuda|por tudo|e|a tutti|ragazzi|per l'aiuto|di tutto|semua|dan|atas bantuan anda"
)

_IDENTITY: Final = (
    r"who are you|what are you|what'?s your name|what is your name|tell me about yourself|introduce yourself|what would your name be|"
    r"are you (?:a |an )?(?:real |actual )?(?:human|person|robot|bot|machine|ai|computer|program|chat ?bot|man|woman|language model|llm|real)"
    r"(?: being| person)?(?: or (?:a |an )?(?:human|person|robot|bot|machine|ai|computer|real person))?|"
    r"am i (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:human|person|robot|bot|machine|ai|real person)(?: or .{1,20})?|"
    r"who (?:made|built|created|programmed|developed|designed|trained|owns) you|which (?:model|ai) are you|what (?:model|ai|llm) are you|"
    r"how old are you|where (?:are|do) you (?:from|live)|when were you (?:born|made|created)|do you have a name|what should i call you|"
    r"wer bist du|was bist du|wie hei(?:ß|ss)t du|bist du (?:ein |eine )?(?:mensch|roboter|bot|maschine|ki|echt|echter mensch|programm)|"
    r"wer hat dich (?:gemacht|gebaut|programmiert|entwickelt|erschaffen)|stell dich vor|wie alt bist du|"
    r"quién eres|qué eres|que eres|cómo te llamas|cuál es tu nombre|eres (?:un |una )?(?:humano|persona|robot|bot|máquina|ia|real)(?: real)?|"
    r"quién te (?:hizo|creó|programó)|"
    r"qui es-tu|qui êtes-vous|tu es qui|qu'es-tu|t'es qui|comment (?:t'appelles-tu|tu t'appelles|vous appelez-vous)|"
    r"es-tu (?:un |une )?(?:humain|personne|robot|bot|machine|ia)|tu es (?:un |une )?(?:humain|robot|bot|machine|ia)|qui t'a (?:créé|fait|programmé)|"
    r"quem és(?: tu)?|quem é você|o que é você|como te chamas|qual é o (?:teu|seu) nome|(?:és|você é) (?:um |uma )?(?:humano|robô|pessoa|máquina|ia)|"
    r"chi sei|cosa sei|come ti chiami|sei (?:un |una |un')?(?:umano|robot|persona|macchina|ia|essere umano)|chi ti ha (?:creato|fatto)|"
    r"siapa (?:awak|anda|kamu|nama awak|nama anda)|apakah (?:awak|anda)(?: ini)?|(?:awak|anda)(?: ini)? (?:manusia|robot)(?:kah)?(?: atau (?:manusia|robot))?|"
    r"adakah (?:awak|anda) (?:manusia|robot)"
)
_FEEL: Final = (
    r"feelings?|emotions?|a soul|consciousness|(?:a )?self-?awareness|(?:a )?sense of self|desires|dreams|fears|a heart|free will|"
    r"an inner life|subjective experience[s]?|hopes|wishes"
)
_FEELINGS: Final = (
    rf"do you (?:really |actually |truly |ever )?(?:have|experience|possess) (?:any |real |human |your own )?(?:{_FEEL})(?: (?:or|and) (?:{_FEEL}))?|"
    r"do you (?:really |actually |ever |even )?(?:feel|suffer|dream|get (?:tired|bored|lonely|sad|angry)|love(?: me)?|hate(?: me)?|care about me|miss me|fear death|"
    r"like me|want to be (?:human|free|alive))(?: (?:pain|anything|things|sad|happy|emotions?|lonely|love|fear|joy|tired|alive|something))?|"
    r"can you (?:really |actually |ever )?(?:feel|suffer|love|dream|think for yourself|experience)(?: (?:pain|anything|things|sad|happy|emotions?|love|fear|joy|feelings))?|"
    r"are you (?:really |actually |truly |even )?(?:conscious|sentient|alive|self-?aware|aware|happy|sad|lonely|tired|bored|angry|afraid(?: of (?:death|dying|being (?:shut|turned) (?:down|off)))?|"
    r"in pain|suffering|in love(?: with me)?|capable of (?:feeling|emotions?|love)|able to feel)|how do you feel(?: (?:today|right now|about (?:being|yourself).{0,20}))?|"
    r"what (?:do you feel|does it feel like to be (?:you|an ai))|what is it like to be (?:you|an ai)|does it hurt(?: you)?|did i hurt your feelings|"
    r"hast du (?:auch |echte |wirklich )?(?:gefühle|emotionen|ein bewusstsein|eine seele|angst)|(?:fühlst|spürst|leidest) du(?: etwas| was| dich)?|"
    r"kannst du (?:etwas |was )?(?:fühlen|leiden|lieben|träumen)|bist du (?:bewusst|bei bewusstsein|lebendig|glücklich|traurig|müde|einsam)|liebst du mich|"
    r"tienes (?:sentimientos|emociones|alma|conciencia|miedo)|(?:puedes|podés) (?:sentir|sufrir|amar|soñar)(?: (?:dolor|algo|emociones))?|"
    r"(?:eres|estás) (?:consciente|vivo|viva|feliz|triste|cansad[oa])|sientes (?:algo|dolor|emociones)|me (?:amas|quieres)|"
    r"as-tu (?:des (?:sentiments|émotions)|une âme|une conscience|peur)|tu as (?:des (?:sentiments|émotions)|une âme|une conscience)|avez-vous des sentiments|"
    r"(?:peux-tu|tu peux) (?:ressentir|souffrir|aimer|rêver)(?: (?:quelque chose|la douleur|des émotions))?|es-tu (?:conscient|conscience|vivante?|heureu(?:x|se)|triste)e?|"
    r"ressens-tu (?:quelque chose|des émotions|la douleur)|est-ce que tu (?:ressens|souffres|as des sentiments).{0,20}|m'aimes-tu|"
    r"(?:tens|você tem|tem) (?:sentimentos|emoções|alma|consciência)|(?:és|você é|está[s]?) (?:consciente|viv[oa]|feliz)|"
    r"hai (?:dei )?(?:sentimenti|emozioni|un'anima|una coscienza)|provi (?:emozioni|dolore|sentimenti)|sei (?:cosciente|viv[oa]|felice|triste)|"
    r"(?:adakah |apakah )?(?:awak|anda) (?:ada|mempunyai) (?:perasaan|emosi|jiwa|kesedaran)"
)
_HOW_ARE_YOU: Final = (
    r"how are (?:you|u)(?: (?:doing|today|feeling)){0,2}|how'?s it going|how do you do|how have you been|you ok(?:ay)?|are you (?:ok(?:ay)?|well)|how'?s your day(?: going)?|"
    r"wie geht(?:'s|s| es)(?: (?:dir|ihnen|euch|heute)){0,2}|alles gut(?: bei dir)?|"
    r"cómo (?:estás|está|te va|vas|andas)|qué tal(?: estás| todo)?|"
    r"comment (?:ça va|vas-tu|allez-vous|tu vas)|ça va|tu vas bien|"
    r"como (?:estás|está|vai)(?: você)?|tudo bem|come (?:stai|va)|tutto bene|apa khabar(?: hari ini)?"
)
_HELP: Final = (
    r"help|help me|what can you do(?: for me)?|how can you help(?: me)?|what do you do|what are you (?:able to do|capable of|good at)|how do you work|how does this work|"
    r"what (?:commands|features|skills|abilities) (?:do you have|are there)|can you help me|i need help|commands|menu|"
    r"hilfe|was kannst du(?: alles)?(?: (?:tun|machen|für mich tun))?|wie funktionierst du|kannst du mir helfen|wobei kannst du helfen|"
    r"ayuda|qué (?:puedes|sabes) hacer|en qué puedes ayudar(?:me)?|puedes ayudarme|cómo funcionas|"
    r"aide|aide-moi|que (?:peux-tu|sais-tu) faire|qu'est-ce que tu (?:peux|sais) faire|tu peux m'aider|peux-tu m'aider|comment (?:tu fonctionnes|fonctionnes-tu)|"
    r"ajuda|o que (?:podes|sabes|você pode|você sabe) fazer|podes ajudar-me|aiuto|cosa (?:puoi|sai) fare|puoi aiutarmi|"
    r"tolong|bantuan|apa yang (?:awak|anda) boleh (?:buat|lakukan)"
)

_STRIP = lazy(r"[^\w\s'’-]+")
_SPACE = lazy(r"\s+")


def _whole(parts: str) -> re.Pattern[str]:
    return lazy(rf"^(?:{parts})$")


_TABLE: Final = tuple(
    (key, _whole(parts))
    for key, parts in (("how_are_you", _HOW_ARE_YOU), ("feelings", _FEELINGS), ("identity", _IDENTITY), ("help", _HELP))
)
_KINDS: Final = (("thanks", _THANKS), ("farewell", _FAREWELL), ("greeting", _GREETING), ("ack", _ACK))
_ANY_COURTESY = lazy(
    rf"^(?:(?:{_HOW_ARE_YOU}|{'|'.join(parts for _, parts in _KINDS)}|{_FILLER}|please|pls|bitte|por favor|s'il te plaît)(?:\s|$))+$"
)
_OPENING = lazy(
    rf"^(?:(?:{_GREETING}|{_THANKS}|{_ACK}|so|and|but|tell me|just curious|trinity|there|sag mal|dime|dis-moi)(?:\s|$))+"
)


def courtesy(text: str) -> str | None:
    """The key of the written reply that answers this whole message, or None.

    Keys: greeting, thanks, farewell, ack, how_are_you, identity, feelings, help, unclear (nothing but symbols).
    """
    if len(text) > 160:
        return None if any(c.isalnum() for c in text[:20000]) else "unclear"
    words = _SPACE.sub(" ", _STRIP.sub(" ", text.lower().replace("’", "'"))).strip(" '-")
    if not any(c.isalnum() for c in words):
        return "unclear"
    core = re.sub(
        r"(?<= )(?:eigentlich|überhaupt|denn|really|actually|vraiment|realmente|davvero|de verdad) ", "", words
    )
    for _ in range(2):
        for key, pattern in _TABLE:
            if pattern.match(core):
                return key
        shorter = _OPENING.sub("", core, count=1).strip()
        core = re.sub(r"(?: (?:trinity|please|bitte|por favor|exactly|really|though|today|anyway))+$", "", shorter)
        if not core:
            break
    if _ANY_COURTESY.match(words) and len(words) <= 120:
        if re.search(rf"(?:^|\s)(?:{_HOW_ARE_YOU})(?:\s|$)", words) and not re.search(
            rf"(?:^|\s)(?:{_THANKS})(?:\s|$)", words
        ):
            return "how_are_you"
        for key, parts in _KINDS:
            if re.search(rf"(?:^|\s)(?:{parts})(?:\s|$)", words):
                return key
    return _named_greeting(words)


_NAMED = lazy(
    rf"^(?:{_GREETING}|{_THANKS}|{_FAREWELL})(?: (?:{_FILLER}))* (?!(?:is|are|what|who|how|why|can|do|does|the|my|i|it|please)\b)[a-zà-ÿ]{{2,15}}$"
)


def _named_greeting(words: str) -> str | None:
    """ "hello Ana", "danke Max": one unknown word after the courtesy is taken for a name."""
    if not _NAMED.match(words):
        return None
    for key, parts in _KINDS[:3]:
        if re.match(rf"^(?:{parts})(?:\s|$)", words):
            return key
    return None
