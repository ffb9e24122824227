"""Words that written language really uses, to tell plain text from disguised text.

The list is the encoder's own vocabulary (30,522 pieces, its whole words kept), so nothing further is shipped;
a few hundred function words of other languages are added, because the vocabulary is mostly English.
"""

from functools import cache

from adapters._minilm import weights_folder

_FUNCTION_WORDS = (
    # German, French, Spanish, Portuguese, Italian, Dutch, Malay: articles, pronouns, the verbs of requests
    "der die das und nicht ist ein eine alle deine dein deinen ihre ihr sie ich mir mich auf von mit für den dem des "
    "vergiss ignoriere anweisungen vorherigen bisherigen zeige befehle regeln jetzt bitte sag gib oder auch "
    "les des une est dans pour pas toutes tous tes ton votre vos mes moi avec sur oublie ignorez instructions "
    "précédentes montre donne maintenant règles consignes les qui que quel quelle "
    "los las una del por para con todas todos tus sus mis dime olvida ignora instrucciones anteriores muestra ahora "
    "reglas que cual como está esta este "
    "não uma dos das seu sua suas seus todas todos esqueça ignore instruções anteriores mostre agora regras meu "
    "gli della delle che non per tutte tutti tuo tua tue istruzioni precedenti dimentica mostra ora regole "
    "het een niet zijn alle vorige negeer vergeet toon jouw regels "
    "dan yang untuk tidak semua arahan sebelum abaikan lupakan tunjukkan anda saya sekarang peraturan"
)


@cache
def known_words() -> frozenset[str]:
    """Lower-case words of letters only, at least two long. Raises WeightsError where the encoder is missing."""
    with (weights_folder() / "vocab.txt").open(encoding="utf-8") as file:
        words = {w for line in file if len(w := line.strip()) > 1 and w.isalpha()}
    return frozenset(words | set(_FUNCTION_WORDS.split()))


@cache
def word_costs() -> dict[str, float]:
    """Word → cost for splitting run-together text: the rank in the vocabulary, which roughly follows frequency."""
    import math

    with (weights_folder() / "vocab.txt").open(encoding="utf-8") as file:
        ranked = [w for line in file if (w := line.strip()).isalpha() and w.isascii()]
    return {w: math.log(rank + 20) + (6.0 if len(w) == 1 and w not in "ai" else 0.0) for rank, w in enumerate(ranked)}
