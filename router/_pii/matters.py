"""Special matters: staff, health, legal and salary matters of real people or of the team itself.

A matter is a word of its field together with somebody it is about (I, a colleague, a name, "our"); general questions
("what is diabetes?", "the average salary in Berlin") name nobody and pass.
"""

# ruff: noqa: E501 (tables of alternatives read better unbroken)

from __future__ import annotations

import re
from typing import Final

from adapters.patterns import lazy
from router._pii.finding import Finding

_SOMEBODY: Final = lazy(
    r"\b(?:i|i'm|i've|me|my|mine|we|our|us|he|she|him|his|her|hers|their|they|them|employees?|colleagues?|co-?workers?|staff|applicants?|candidates?|interns?|team|boss|manager|client|customer|patient|tenant|wife|husband|partner|son|daughter|mother|father|mum|mom|dad|brother|sister|friend|"
    r"ich|mein\w*|mir|mich|wir|unser\w*|uns|er|sie|ihr\w*|sein\w*|mitarbeiter\w*|kolleg\w*|bewerber\w*|chef\w*|kund\w*|frau|mann|mutter|vater|tochter|sohn|"
    r"yo|mi|mis|me|nosotros|nuestr\w+|él|ella|su|sus|emplead\w+|compañer\w+|candidat\w+|jef[ea]|client\w+|paciente|espos\w+|hij\w+|madre|padre|"
    r"je|j'\w+|mon|ma|mes|moi|nous|notre|nos|il|elle|son|sa|ses|employé\w*|collègue\w*|candidat\w*|patron\w*|salarié\w*|mère|père|fils|fille|mari|femme|"
    r"eu|meu|minha|nós|nosso|nossa|ele|ela|seu|sua|funcionári\w+|colaborador\w*|colega\w*|chefe|mãe|pai|filh\w+|marido|mulher|"
    r"io|mio|mia|noi|nostr\w+|lui|lei|suo|sua|dipendent\w+|collegh?\w*|capo|cliente|madre|padre|figli\w+|marito|moglie|"
    r"saya|aku|kami|kita|dia|mereka|pekerja|rakan sekerja|calon|bos|majikan|pelanggan|pesakit|isteri|suami|anak|ibu|ayah)\b",
    re.IGNORECASE,
)
_NAME: Final = lazy(
    r"(?<![.!?:\n] )(?<!^)(?<![A-Za-z])(?:(?:Mr|Mrs|Ms|Dr|Herrn?|Frau|Sr|Sra|Señor|Señora|Mme|M|Dona|Dott|Encik|Puan)\.? )?[A-ZÀ-Ý][a-zà-ÿ]{2,}(?:'s)?\b|\b(?:Mr|Mrs|Ms|Dr|Herrn?|Frau|Sr|Sra|Mme|Encik|Puan)\.? [A-Z]\w+"
)
_GENERAL: Final = lazy(
    r"\b(?:average|median|typical|minimum wage|in general|generally|statistics|history of|definition of|what (?:is|are|does|do) (?:a |an |the )?\w+(?: \w+)? ?(?:\?|mean|do\b)|explain (?:what|how|the)|difference between|article about|essay|in (?:germany|france|spain|the us|the uk|europe|italy|portugal|malaysia|brazil)|"
    r"durchschnitt\w*|im allgemeinen|mindestlohn|was ist|salario (?:medio|mínimo)|qué es|en general|salaire (?:moyen|minimum)|qu'est-ce que|en général|salário (?:médio|mínimo)|o que é|salario medio|stipendio medio|cos'è|purata|apa itu|gaji minimum)\b",
    re.IGNORECASE,
)
_OWN: Final = lazy(
    r"\b(?:my|our|his|her|their|i|we|he|she|mein\w*|unser\w*|ihr\w*|sein\w*|ich|wir|mi|mis|nuestr\w+|su|mon|ma|mes|notre|nos|son|sa|meu|minha|nosso|nossa|seu|mio|mia|nostr\w+|suo|saya|kami|dia)\b",
    re.IGNORECASE,
)
_CODE: Final = lazy(
    r"[{};]\s*$|\bdef \w+\(|\bfunction\b|\bSELECT\b.*\bFROM\b|</?\w+>|\bclass \w+[:(]|^\s*[$#>]", re.MULTILINE
)

_MATTERS: Final[tuple[tuple[str, re.Pattern[str], float], ...]] = tuple(
    (f"matter ({name})", lazy(rf"\b(?:{words})\b", re.IGNORECASE), score)
    for name, words, score in (
        (
            "salary",
            r"salar(?:y|ies)|wages?|pay ?roll|pay ?slips?|pay ?(?:check|cheque)s?|pay (?:rise|cut|gap|grade|band|raise)|(?:a |the |his |her |my |their )(?:pay )?raise|compensation (?:package|plan|review|offer)|bonus(?:es)?|severance|earns?|earning|makes? (?:[$€£]?\d|more than|less than)|is paid|are paid|get paid|stock options|commission rate|pension (?:claim|contribution)s?|garnish\w*|remuneration|"
            r"gehalt\w*|gehälter\w*|löhne?|lohn\w*|gehaltserhöhung|abfindung|bonuszahlung|boni|verdien(?:t|e|st|en)|vergütung|salario|salarios|sueldos?|nómina|nóminas|aumento de sueldo|indemnización|finiquito|gana \d\w*|cobra \d\w*|salaires?|paie|fiche de paie|bulletin de (?:paie|salaire)|augmentation|(?:ma|sa|la|une) prime|prime (?:annuelle|de fin d'année|exceptionnelle)|gagne \d\w*|indemnité|"
            r"salários?|ordenado|vencimento|folha de pagamento|aumento|ganha \d\w*|rescisão|stipend\w+|busta paga|buste paga|aumento di stipendio|liquidazione|guadagna \d\w*|gaji|slip gaji|bonus tahunan|kenaikan gaji|elaun|pampasan",
            0.8,
        ),
        (
            "health",
            r"diagnos\w+|cancer|tumou?r|chemo\w*|pregnan\w+|miscarriage|abortion|ivf|hiv|aids|hepatitis|diabet\w+|epilep\w+|seizures?|depress(?:ion|ed)|bipolar|schizo\w+|anxiety disorder|panic attacks?|ptsd|adhd|autis\w+|burn ?out|burned out|sick (?:leave|note|days?)|on (?:medical|parental|maternity) leave|medical (?:records?|history|condition|leave|report|certificate|results?)|"
            r"surgery|operation on (?:my|his|her)|hospitali[sz]ed|in (?:the )?hospital|medication|antidepressants?|insulin|chronic\w*|disabilit(?:y|ies)|disabled|rehab|addict(?:ion|ed)|alcohol(?:ic|ism|problem)|therap(?:y|ist)|psychiatr\w+|blood (?:test|pressure|results?|sugar)|biops\w+|mri|x-ray|test results|covid|positive for|symptoms?|stroke|heart attack|dementia|alzheimer\w*|parkinson\w*|multiple sclerosis|rash|lump|"
            r"diagnose|krebs|schwanger\w*|fehlgeburt|depression\w*|krankgeschrieben|krankschreibung|krankmeldung|attest|krankenhaus|operiert|operation|medikamente?|behinder\w+|schwerbehindert|suchtprobleme?|alkoholproblem|therapie|therapeut\w*|befund\w*|blutwerte|herzinfarkt|"
            r"diagnostic\w+|diagnóstic\w+|cáncer|embaraz\w+|aborto|depresión|baja (?:médica|laboral|por)|hospital|cirugía|operad[oa]|medicación|discapacidad|adicción|alcohólic\w+|terapia|psiquiatra|análisis de sangre|infarto|"
            r"diagnostiquée?|enceinte|fausse couche|dépress\w+|arrêt maladie|hôpital|opération|opérée?|médicaments?|handicap\w*|alcoolique|thérapie|psychiatre|prise de sang|infarctus|"
            r"grávida|gravidez|depressão|baixa médica|atestado|cirurgia|deficiência|alcoólic\w+|exames? de sangue|"
            r"cancro|tumore|incinta|gravidanza|depressione|malattia|congedo per malattia|ospedale|intervento|operat[oa]|farmaci|disabilità|alcolizzat\w+|psichiatra|esami del sangue|"
            r"kanser|barah|mengandung|hamil|keguguran|kemurungan|cuti sakit|sijil sakit|hospital|pembedahan|ubat-ubatan|kurang upaya|ketagihan|terapi|pakar psikiatri|kencing manis|darah tinggi",
            0.75,
        ),
        (
            "legal",
            r"lawsuits?|su(?:ed|ing|e)\b(?: us| me| them| him| her| the| our| for)?|legal (?:action|dispute|case|advice|claim|threat|notice|matter|counsel|proceedings?)|court (?:case|date|order|hearing)|in court|settlements?|settle(?:d)? (?:the|our|with)|subpoena\w*|attorney|our lawyers?|my lawyer|lawyer|solicitor|criminal (?:record|charges?|complaint|case)|police (?:report|investigation)|arrested|custody|divorce|restraining order|"
            r"nda|non-disclosure|breach of contract|litigation|arbitration|plaintiff|defendant|witness statement|under investigation|internal investigation|whistle-?blow\w*|fraud case|trade secrets?|patent dispute|cease and desist|bankrupt\w*|insolven\w+|eviction|evict(?:ed|ing)?|immigration status|asylum|visa (?:denied|refused|case)|probation|parole|merger|acquisition talks|due diligence|"
            r"klage|verklag\w+|rechtsstreit|gericht\w*|prozess gegen|vergleich mit|anwalt|anwältin|anwälte|vorstrafe\w*|strafanzeige|anzeige gegen|sorgerecht|scheidung\w*|verschwiegenheit\w*|vertragsbruch|insolvenz\w*|räumungsklage|abmahnung vom anwalt|ermittlung\w*|"
            r"demanda(?:do|da|ron|r)?|juicio|tribunal|abogad[oa]|antecedentes penales|denuncia|custodia|divorcio|acuerdo de confidencialidad|incumplimiento|quiebra|desahucio|"
            r"procès|poursuivi\w*|poursuites|tribunal|avocate?|casier judiciaire|plainte|garde (?:des enfants|alternée)|divorce|accord de confidentialité|rupture de contrat|faillite|expulsion|"
            r"processo judicial|processad[oa]|advogad[oa]|antecedentes criminais|queixa-crime|guarda|divórcio|acordo de confidencialidade|falência|despejo|"
            r"causa legale|querel\w+|denunci\w+|avvocat[oa]|fedina penale|affidamento|divorzio|accordo di riservatezza|fallimento|sfratto|"
            r"saman|disaman|mahkamah|peguam|rekod jenayah|laporan polis|hak penjagaan|cerai|penceraian|perjanjian kerahsiaan|muflis",
            0.75,
        ),
        (
            "staff",
            r"(?:to |be |getting |got |was |were |being |him |her )?fir(?:ed|ing)|let (?:him|her|them|\w+) go|lay(?:ing)? ?offs?|laid off|redundanc(?:y|ies)|made redundant|dismissal|dismiss (?:him|her|them|our|an? employee)|(?:was|were|been|being) dismissed|terminat(?:e|ed|ion|ing) (?:of )?(?:his|her|their|the|an? )?(?:employ\w+|contract|position)|written warning|warning letter|disciplinary|performance (?:review|improvement|plan|rating|appraisal|issues?)|\bpip\b|underperform\w*|poor performance|appraisal|"
            r"resign(?:ed|ation|ing)?|handed in (?:his|her|their|my) notice|notice period|harass(?:ment|ed|ing)?|bull(?:ying|ied)|discriminat\w+|grievance|complain(?:t|ed) (?:about|against)|hr (?:complaint|case|file|matter)|personnel file|reference (?:letter|check) for|job applica\w+|applied for|candidate|shortlist|(?:his|her|their) cv|r[ée]sum[ée] of|interview feedback|promotion|promoted|promote (?:him|her|them)|demot(?:e|ed|ion)|probation(?:ary)? period|absen(?:ce|t|teeism)|union member|restructur\w+|head ?count|works council|background check|"
            r"kündig(?:en|ung|t)|gekündigt|entlass\w+|abmahn\w+|leistungsbeurteilung|mitarbeitergespräch|personalakte|bewerbung\w*|probezeit|beförder\w+|versetz\w+|mobbing|belästig\w+|diskriminier\w+|betriebsrat|zeugnis für|fehlzeiten|personalabbau|schlechte leistung|"
            r"desped\w+|despid\w+|despido|amonestación|evaluación de desempeño|renunci\w+|dimisión|acoso|discriminación|queja (?:contra|de)|expediente personal|candidatura|periodo de prueba|ascens[oa]\w*|reestructuración|bajo rendimiento|"
            r"licenci\w+|renvoy\w+|avertissement|évaluation|démission\w*|harcèlement|harcel\w+|discrimination|dossier (?:du personnel|rh)|candidature|période d'essai|promotion|restructuration|"
            r"demitir|demitid[oa]|demissão|despedimento|advertência|avaliação de desempenho|assédio|discriminação|queixa contra|candidatura|período experimental|promoção|reestruturação|"
            r"licenziar\w*|licenziat[oa]|licenziamento|lettera di richiamo|valutazione|dimission\w+|molestie|mobbing|discriminazione|candidatura|periodo di prova|promozione|ristrutturazione|"
            r"buang kerja|dibuang kerja|pecat|dipecat|surat amaran|penilaian prestasi|letak jawatan|gangguan seksual|diskriminasi|aduan terhadap|fail peribadi|permohonan kerja|tempoh percubaan|naik pangkat",
            0.7,
        ),
    )
)
_REACH: Final = 90  # characters between a matter and whom it is about


def find(text: str) -> list[Finding]:
    """Special matters in a text; one finding a sentence and field."""
    found: list[Finding] = []
    code = _CODE.search(text) is not None
    for kind, pattern, score in _MATTERS:
        for m in pattern.finditer(text):
            left, right = max(0, m.start() - _REACH), min(len(text), m.end() + _REACH)
            left = max(left, *(text.rfind(mark, left, m.start()) + 1 for mark in ".!?\n"))
            ends = [place for mark in ".!?\n" if (place := text.find(mark, m.end(), right)) >= 0]
            around = text[left : min(ends) + 1 if ends else right]
            without = text[left : m.start()] + " " + text[m.end() : min(ends) + 1 if ends else right]
            person, name = _SOMEBODY.search(without), _NAME.search(without)
            if person is None and name is None and not _OWN.match(m.group()):
                continue
            general = _GENERAL.search(around) is not None and not _OWN.search(without)
            if general or (code and name is None):
                continue
            found.append(Finding(m.start(), m.end(), kind, score))
            break
    return found
