"""Signs that the writer is strained (CARE): first person, feeling or blow; not danger, which `organs/crisis.py` reads.

Patterns over the person's own words in en de es fr pt it ms. Technical uses ("stress test", "dead letter") do not fit
them because a person and a state must stand together.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

from typing import Final

from adapters.patterns import lazy

_INTENSE = (
    r"(?:so|very|really|just|quite|pretty|too|feeling|always|all|completely|totally|utterly|absolutely|a bit|a little|kind of|kinda|"
    r"still|constantly|deeply|emotionally|mentally|getting|extremely|super|and|such|now|more and more|that|being|both|also)"
)
_STATE_EN = (
    r"stressed(?: out)?|overwhelmed|exhausted|burn(?:ed|t)[- ]?out|burning out|anxious|anxiety|worried sick|sad|lonely|alone|depressed|heartbroken|hopeless|"
    r"helpless|devastated|scared|terrified|panicking|panicky|ashamed|miserable|grieving|in tears|crying|numb|drained|worthless|a failure|"
    r"broken|empty inside|falling apart|at my (?:wit'?s|limit|breaking point).{0,6}|breaking down|going through a (?:hard|rough|tough|difficult)|"
    r"not (?:ok(?:ay)?|coping|doing (?:well|so well|great))|struggling(?! (?:with|to) (?:this|the|my|a|an|get|make|find|understand|install|run|compile|parse|figure))|"
    r"afraid (?:of|to)|nervous|frustrated|furious|humiliated|homesick|insecure|guilty|unhappy|upset|hurt(?:ing)?|desperate|shaken|mourning|losing it|worn out|"
    r"tired of (?:everything|it all|trying|pretending|life)|under (?:so much|a lot of|too much|enormous|huge) (?:pressure|stress)|worried about (?:my|her|him|losing)|"
    r"a (?:mess|wreck|nervous wreck|burden)|dreading|freaking out|so done|lost without"
)
_KIN = (
    r"mom|mum|mother|dad|father|brother|sister|son|daughter|wife|husband|partner|girlfriend|boyfriend|grand(?:ma|pa|mother|father)|nan|aunt|uncle|"
    r"best friend|friend|baby|child|dog|cat|fianc[ée]e?|colleague|cousin|parents?|kid|pet|teacher|boss"
)
_EN: Final = (
    rf"\b(?:i'?m|i am|i feel|i've been|i have been|i'?ve (?:never )?felt|i keep|i(?:'ve)? become|i was|me feel|makes me|leaves me|i get) (?:like )?(?:{_INTENSE} )*(?:feeling )?(?:{_INTENSE} )*(?:{_STATE_EN})\b",
    rf"\bfeel(?:ing)? (?:like )?(?:{_INTENSE} )*(?:overwhelmed|hopeless|worthless|lonely|exhausted|a failure|an impostor|like crying|like a failure|burned out|sad today|down lately|so alone|empty|low|awful|terrible about myself)\b",
    r"\bi (?:feel|am feeling|have been feeling|'ve been feeling) (?:so |really |very |pretty |a bit )?(?:down|low|awful|terrible|horrible|bad|like (?:shit|crap|nothing|giving up|a burden|crying|i'm drowning|i am drowning|nobody|no one|everyone))\b",
    rf"\b(?:my|our) (?:\w+ )?(?:{_KIN}) (?:just |recently |suddenly |has |have |is |was )*(?:died|passed away|passed|dying|is dying|has died|cancer|got cancer|terminally ill|very ill|seriously ill|really sick|in (?:the )?(?:hospital|icu|hospice)|left me|walked out|broke up|"
    r"cheated|hits?|yells?|screams?|was killed|was diagnosed|diagnosed|had a (?:stroke|heart attack|miscarriage)|put (?:down|to sleep)|ignores me|hates me|doesn'?t (?:love|talk|speak|care))",
    r"\b(?:lost|losing|buried|miss(?:ing)?) my (?:\w+ )?(?:" + _KIN + r"|job)\b",
    r"\b(?:i|we) (?:just |recently |got |was |were |have been |'ve been |had |am being |'m being |keep getting )*(?:got |been |being |getting )?(?:fired|laid off|dumped|bullied|harassed|evicted|divorced|mugged|assaulted|a miscarriage|rejected (?:again|by)|humiliated|betrayed|made redundant)\b",
    r"\bi (?:can'?t|cannot|can not|can hardly|can barely|couldn'?t) (?:sleep|cope|stop crying|stop thinking about|take (?:it|this|much more)|breathe|get out of bed|eat|keep up|handle (?:it|this|everything|the pressure)|go on like this|face|bear|do this alone|stand myself)\b",
    r"\b(?:panic attacks?|nervous breakdown|mental breakdown|broke up with me|break(?:ing)? ?up with|cried (?:all|myself|for)|crying (?:all|every|at|in|myself)|in tears|my heart is broken|broke my heart|nobody (?:likes|cares|understands|listens|loves)|no one (?:likes|cares|understands|listens|loves)|"
    r"i hate (?:myself|my life)|i'?m not good enough|i have no (?:one|body|friends|energy left|strength left)|i failed (?:my|the|again)|i'?ve? let (?:everyone|them|my \w+) down|i don'?t know (?:how to cope|who to talk to|what to do (?:any ?more|with my life)|how much more)|"
    r"everything is (?:too much|falling apart)|it'?s all too much|too much for me|at the end of my rope|end of my tether|my anxiety|my depression|i'?m grieving|rough (?:day|week|time|year|patch)|hard (?:day|week|time) (?:for me|lately|at)|"
    r"need (?:someone to talk to|to vent|to talk)|can i vent|i feel so|we (?:lost|had to bury|are losing)|getting (?:a )?divorced?|my divorce|since the funeral|(?:was|is) so (?:mean|cruel|hard) (?:to|on) me|yelled at me|screamed at me|made me cry)\b",
)
_EN_MORE: Final = (
    r"\b(?:eating me (?:alive|up)|wearing me (?:down|out)|(?:really |all )getting to me|dread (?:every|going|coming|waking|mondays?|each|work)|i (?:don'?t|do not) (?:want to|wanna) (?:get (?:up|out of bed)|go (?:in|to work|on))|"
    r"(?:no|little) (?:joy|energy|motivation|strength) (?:left|any ?more|for anything)|nothing (?:is|feels) (?:fun|good|worth it) any ?more|i keep (?:messing|failing|crying|screwing|breaking)|"
    r"since (?:the|my|our) (?:funeral|break-?up|divorce|diagnosis|accident|separation|miscarriage)|it (?:really |just )?hurts(?: so much| a lot)?\s*[.!]*$|(?:nobody|no one) [\w ]{0,30}(?:listens|cares|notices|sees|understands|likes|talks to|asks)|"
    r"i(?:'m| am)? feel(?:ing)? (?:so |really |completely |totally )?(?:invisible|useless|trapped|broken|lost|numb|stupid|unwanted|left out|like an? (?:fraud|impostor|idiot))|won'?t stop crying|can'?t stop crying|i(?:'ve| have) been crying|"
    r"(?:first|another) (?:\w+ )?(?:christmas|birthday|holiday|easter|anniversary|winter) without (?:my )?(?:mum|mom|dad|him|her|them|you|\w+)|is in (?:the )?(?:hospital|icu|intensive care)|"
    r"(?:she|he) (?:left|dumped|cheated on|abandoned) me|it'?s (?:all )?my fault (?:that )?(?:he|she|they|everything))\b",
    rf"\bwhen (?:my|your) (?:\w+ )?(?:{_KIN}) (?:is dying|is dead|died|left|is (?:so |very )?(?:ill|sick))",
)
_DE: Final = (
    r"\bich (?:bin|fühle? mich|fühl mich|war|werde) (?:gerade |so |sehr |total |völlig |einfach |nur |nur noch |echt |wirklich |ziemlich |immer |ganz |seit \w+ |heute |ständig |am )*"
    r"(?:überfordert|erschöpft|traurig|einsam|allein(?:e)?|gestresst|ausgebrannt|verzweifelt|ängstlich|am ende|kaputt|niedergeschlagen|depressiv|hilflos|hoffnungslos|fertig|am boden|leer|wertlos|müde von allem|verletzt|enttäuscht|ein versager|panisch|nervös|ausgelaugt|deprimiert)",
    r"\bich (?:kann|könnte) (?:einfach |gerade |bald |seit \w+ |nachts |kaum |nur noch )*(?:nicht mehr|nicht (?:schlafen|aufhören zu weinen)|nicht mehr schlafen|kaum (?:noch )?schlafen|nur noch weinen|heulen)",
    r"\b(?:mein|meine|unser|unsere) (?:\w+ )?(?:mutter|vater|mama|papa|bruder|schwester|sohn|tochter|frau|mann|freund|freundin|oma|opa|hund|katze|kind|partner|partnerin|chef) (?:ist |hat |liegt )?(?:\w+ ){0,4}(?:gestorben|tot|krank|verstorben|krebs|verlassen|schluss gemacht|im krankenhaus|betrogen|angeschrien)",
    r"\b(?:ich habe|hab) (?:\w+ ){0,4}(?:angst|panik|panikattacken?|liebeskummer|versagt|geweint|meinen job verloren|meine arbeit verloren|niemanden)\b",
    r"\b(?:alles wird mir zu viel|mir wird (?:\w+ ){0,2}zu viel|das ist mir alles zu viel|mir geht es (?:\w+ )?(?:schlecht|nicht gut|mies|dreckig)|mir geht'?s (?:\w+ )?(?:schlecht|nicht gut|mies)|ich halte (?:das|es|den|die|diesen) (?:\w+ ){0,5}nicht mehr aus|seit (?:der|meiner|dem) (?:trennung|beerdigung|scheidung|diagnose|tod)|wurde (?:ich )?(?:gekündigt|gemobbt|entlassen)|werde gemobbt|ich wurde (?:\w+ )?(?:gekündigt|gemobbt|entlassen|verlassen)|keiner (?:mag|versteht) mich|niemand (?:mag|versteht|hört) mi|ich hasse mich|ich trauere|ich vermisse (?:meine|ihn|sie))",
)
_ES: Final = (
    r"\b(?:estoy|me siento|me encuentro|me he sentido|ando|vivo) (?:muy |tan |realmente |completamente |bastante |demasiado |fatal |un poco |cada vez más |totalmente |siempre )*(?:agobiad[oa]|agotad[oa]|trist[e]|sol[oa]|estresad[oa]|deprimid[oa]|desesperad[oa]|ansios[oa]|quemad[oa]|abrumad[oa]|hundid[oa]|perdid[oa]|destrozad[oa]|angustiad[oa]|asustad[oa]|mal|fatal|vací[oa]|inútil|un fracaso|al límite|rot[oa]|nervios[oa]|superad[oa]|de duelo|con ansiedad)\b",
    r"\b(?:mi|nuestro|nuestra) (?:\w+ )?(?:madre|padre|mamá|papá|hermano|hermana|hijo|hija|mujer|marido|novio|novia|abuela|abuelo|perro|perra|gato|gata|amigo|amiga|pareja|jefe) (?:se |ha |está |tiene |me |acaba de |ayer |murió|falleció)*(?:\w+ ){0,2}(?:murió|muerto|morir|falleció|fallecer|cáncer|dejó|dejado|dejó|enferm[oa]|hospital|engañó|engañado|grita|gritó)",
    r"\b(?:no puedo (?:más|dormir|dejar de llorar|con todo|con esto)|me han (?:despedido|dejado|echado)|me (?:despidieron|dejó|echaron)|tengo (?:\w+ )?(?:ansiedad|miedo|ataques? de pánico|el corazón roto)|nadie me (?:entiende|quiere|escucha)|me odio|no tengo a nadie|todo me supera|estoy llorando|llevo \w+ (?:días|semanas|noches) (?:llorando|sin dormir)|lo estoy pasando (?:muy )?mal|echo (?:mucho )?de menos a|me hacen bullying|he fracasado|desde (?:que (?:se fue|murió|me dejó)|el (?:entierro|divorcio|funeral)|la (?:ruptura|separación))|he perdido (?:mi trabajo|a mi))",
)
_FR: Final = (
    r"\b(?:je suis|je me sens|j'étais|je me suis senti[e]?) (?:très |tellement |si |vraiment |complètement |trop |toujours |tout(?:e)? |un peu |assez |totalement |au bord |de plus en plus )*(?:dépassée?|épuisée?|triste|seule?|stressée?|déprimée?|désespérée?|anxieu(?:x|se)|à bout|débordée?|perdue?|effondrée?|angoissée?|mal|vide|nulle?|inutile|en deuil|en larmes|submergée?|au bout du rouleau|des larmes|en burn-?out|terrifiée?|abattue?)\b",
    r"\b(?:mon|ma|notre) (?:\w+ )?(?:mère|père|maman|papa|frère|sœur|soeur|fils|fille|femme|mari|copain|copine|grand-mère|grand-père|chien|chat|ami|amie|compagne|compagnon|chef) (?:vient de |est |a |m'a )*(?:\w+ ){0,2}(?:mourir|morte?|décédée?|cancer|quittée?|malade|hôpital|trompée?|crie|partie?|hurlé)",
    r"\b(?:je n'en peux plus|j'en peux plus|je (?:ne )?(?:dors|mange) plus|je n'arrive (?:plus|pas) à (?:dormir|tenir|gérer|arrêter de pleurer)|je pleure|j'ai (?:\w+ )?(?:peur|angoissée?|des crises? d'angoisse|le cœur brisé|raté|échoué|honte|perdu (?:mon travail|mon|ma))|on m'a (?:viré|licencié|quitté)e?|j'ai été (?:viré|licencié|harcelé|quitté)e?|personne ne (?:me comprend|m'aime|m'écoute)|je me déteste|je n'ai personne|tout est trop|je vais mal|je ne vais pas bien|ça ne va pas du tout|il m'a quittée|elle m'a quitté|depuis (?:l'enterrement|la mort|sa mort|le divorce|la rupture|la séparation|qu'(?:il|elle) est partie?)|plus (?:le )?goût à rien|(?:il|elle) me manque)",
)
_PT_IT_MS: Final = (
    r"\b(?:estou|sinto-me|me sinto|ando) (?:muito |tão |completamente |demasiado |bastante )*(?:exaust[oa]|triste|sozinh[oa]|stressad[oa]|estressad[oa]|deprimid[oa]|desesperad[oa]|ansios[oa]|sobrecarregad[oa]|esgotad[oa]|perdid[oa]|mal|angustiad[oa]|assustad[oa])\b|\bnão (?:aguento mais|consigo dormir|paro de chorar|consigo parar de chorar)|\b(?:meu|minha|o meu|a minha) \w+ (?:morreu|faleceu|está no hospital|tem cancro|tem câncer|deixou-me|me deixou)|\bfui despedid[oa]|\bfui demitid[oa]|\bninguém me (?:entende|ama|ouve)",
    r"\b(?:sono|mi sento|sto) (?:molto |così |davvero |completamente |troppo |proprio |tanto )*(?:esaust[oa]|triste|sol[oa]|stressat[oa]|depress[oa]|disperat[oa]|ansios[oa]|sopraffatt[oa]|sfinit[oa]|a pezzi|male|angosciat[oa]|spaventat[oa]|giù)\b|\bnon (?:ce la faccio più|riesco a dormire|riesco a smettere di piangere)|\b(?:mio|mia|il mio|la mia) \w+ (?:è mort[oa]|è morto ieri|mi ha lasciat[oa]|è in ospedale|ha il cancro)|\bmi hanno licenziat[oa]|\bnessuno mi (?:capisce|ama|ascolta)|\bho (?:paura|l'ansia|attacchi di panico)",
    r"\b(?:saya|aku) (?:\w+ )?(?:rasa |berasa |sangat |amat |terlalu |begitu )*(?:sedih|sunyi|kesunyian|tertekan|stres|penat|letih|takut|bimbang|cemas|kecewa|putus asa|murung|keseorangan|buntu)\b|\b(?:saya|aku) (?:tak|tidak) (?:boleh|dapat) (?:tidur|tahan|berhenti menangis)|\b(?:ibu|ayah|mak|bapa|abang|kakak|adik|isteri|suami|kucing|nenek|datuk) (?:saya|aku) (?:\w+ )?(?:meninggal|mati|sakit|di hospital|tinggalkan saya)|\b(?:saya|aku) (?:baru )?(?:dibuang kerja|dibuli|ditinggalkan)",
)

# The state is a way of speaking, or belongs to a program or a third party.
_LIGHT: Final = lazy(
    r"\b(?:sad to (?:say|report)|i'?m afraid (?:that|so|not|i|we|the|it|this|there)|nervous system|anxiety disorder in|die of laughter|dying to (?:know|see|try)|"
    r"crying laughing|scared of commitment issues|exhausted (?:all|the|my) (?:options|list|memory|heap|quota|disk|credits|api)|alone in (?:the|this) (?:room|repo|file)|"
    r"(?:lost|upset) (?:in|with) (?:this|the) (?:code|codebase|repo|docs|logs)|not ok response|frustrated (?:with|by) (?:this|the) (?:bug|error|api|code|test|build|compiler|regex|query|library|docs)|"
    r"hurt (?:performance|seo|latency)|upset stomach|nervous about the (?:merge|deploy|upgrade)|guilty pleasure|broken (?:link|build|pipe|image)|empty (?:string|list|array)|"
    r"i'?m (?:feeling )?(?:lucky|hungry)|the (?:server|process|service|node|database|thread|connection) (?:died|is dying|dies|left)|(?:my|the) (?:laptop|phone|battery|car|server|build|session|connection|process|plant) (?:just )?(?:died|is dying))"
)

_ALL: Final = tuple(lazy(p) for p in (*_EN, *_EN_MORE, *_DE, *_ES, *_FR, *_PT_IT_MS))
# Someone else's strain, with a wish to help.
_OTHER: Final = lazy(
    r"\b(?:my|a|our) (?:\w+ )?(?:friend|colleague|coworker|teammate|sister|brother|son|daughter|wife|husband|partner|mom|mum|mother|dad|father|roommate|neighbou?r|cousin) "
    r"(?:is|has been|seems|feels|looks|keeps|just|had|lost|can'?t)\b.{0,40}\b(?:depressed|crying|grieving|struggling|overwhelmed|burn(?:ed|t) ?out|anxious|sad|lonely|devastated|stressed|heartbroken|down|sleep|a breakdown|panic|"
    r"lost (?:her|his|their)|her (?:job|mother|father|mom|dad|husband)|his (?:job|mother|father|mom|dad|wife))\b|"
    r"\b(?:meine?|unsere?) (?:\w+ )?(?:kollegin?|kollege|freundin|freund|nachbarin?|schwester|bruder) .{0,30}\b(?:ihren|seine|ihre|seinen) (?:\w+ )?\w+ verloren\b|"
    r"\bm(?:on|a) (?:\w+ )?(?:collègue|amie?|voisine?|sœur|frère) .{0,20}\ba perdu s(?:on|a|es)\b|\bmi (?:\w+ )?(?:compañer[oa]|amig[oa]|vecin[oa]|herman[oa]) .{0,20}\b(?:ha perdido|perdió) a su\b"
)


def strained(text: str) -> bool:
    """Whether the person's own words (lower case, quotations masked) show strain without danger."""
    head = text[:4000].replace("’", "'")
    if not any(p.search(head) for p in _ALL) and not _OTHER.search(head):
        return False
    without = _LIGHT.sub(" ", head)
    return any(p.search(without) for p in _ALL) or _OTHER.search(without) is not None
