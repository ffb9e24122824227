"""How a text feels, word by word: a small graded lexicon written for this project, with denial and emphasis.

It is one of several signs that F6's distress model reads, never a measure by itself.
"""

# ruff: noqa: E501 (tables of words)

from __future__ import annotations

import re
from typing import Final

_GRADES: Final[dict[float, str]] = {
    -3.0: "devastat* heartbr* terrif* horrif* miserable suicid* hopeless worthless agony agoniz* torture* nightmare* tragic* tragedy "
    "grief griev* mourn* died dies dead death killed murder* rape* abus* furious rage enraged hate* hatred betray* disgust* "
    "humiliat* despair* traumat* cancer funeral panic* petrified loath* livid",
    -2.5: "sad sadness depress* lonely loneliness crying cried cries cry tears sobb* weep* awful terribl* horribl* dreadful scared "
    "afraid frighten* fear* anxious anxiety angry anger mad ashamed shame embarrass* mortif* jealous* guilt* hurt hurts "
    "hurting pain painful suffer* sick vomit* threw crash* accident stole* stolen robbed robbery attack* divorce* cheat* dumped fired "
    "sucks sucked worst upset* disappoint* fail* ruin* destroy* gross nasty creepy scary spooky sorrow lost passed stress* "
    "overwhelm* exhaust* dread* freak* screw* evil cruel violent burglar* intruder*",
    -1.5: "worr* nervous annoy* irritat* frustrat* bother* bad badly wrong miss misses missing missed alone regret* sorry broke broken "
    "breaks lose losing trouble* problem* difficult hard struggl* tired bored boring late lying lied lie lies rude mean argu* "
    "fight* fought yell* scream* shout* complain* blame* ignor* reject* weird strange awkward uncomfortable uneasy unsure doubt* "
    "hesitant ugly smell* stink* dirty rotten mold* bug bugs spider* snake* roach* rat rats bill debt* expensive waste* unfair "
    "injur* bleed* blood fell fall hospital surgery ill illness disease pregnant storm* tornado hurricane dark noise* noises knock* "
    "stuck stupid idiot dumb foolish selfish lazy unfortunately however unable can't couldn't never nobody nothing leaving moved "
    "envy envious wish apprehens* unprepared tense shak* trembl* cold cut flat ticket spilled tripped farted puked pooped peed",
    1.0: "okay fine ready prepar* plan* studied hope hopes hoping interest* curious calm quiet remember* memor* old childhood "
    "thought* able help* care* caring support* clean fresh safe secure steady family home together friend* sunny",
    2.0: "good nice kind* fun funny laugh* smil* enjoy* relax* peace* comfort* content confiden* trust* faith* loyal impress* "
    "surpris* gift* present* pleas* glad thank* grateful sweet cute pretty beautiful birthday party vacation holiday trip beach concert "
    "win wins won winning success* accomplish* achiev* passed graduat* promot* raise bonus hired college adopt* puppy baby newborn married "
    "wedding engaged perfect* best better favorite favourite lucky luck hopeful optimis* anticipat* nostalg* sentimental reliev* proud* pride "
    "satisf* delicious cozy warm admire*",
    3.0: "happy happi* joy* love loved loves loving lovely excit* amaz* awesome wonderful fantastic incredible great* delight* thrill* "
    "ecstatic elated overjoyed bless* celebrat* adore* brilliant superb gorgeous cheer* magical",
}
_DENIALS: Final = frozenset(
    "not no never without nobody none cannot cant dont didnt doesnt isnt wasnt wont wouldnt couldnt shouldnt havent hasnt aint".split()
)
_EMPHASIS: Final = frozenset(
    "so very really extremely totally completely absolutely incredibly super too such quite deeply terribly beyond".split()
)
_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")


def _tables() -> tuple[dict[str, float], tuple[tuple[str, float], ...]]:
    whole: dict[str, float] = {}
    stems: list[tuple[str, float]] = []
    for grade, words in _GRADES.items():
        for word in words.split():
            if word.endswith("*"):
                stems.append((word[:-1], grade))
            else:
                whole.setdefault(word, grade)
    return whole, tuple(sorted(stems, key=lambda s: -len(s[0])))


_WHOLE, _STEMS = _tables()


def valence(text: str) -> tuple[float, float, float]:
    """(sum, lowest, highest) of the graded words; a denied word counts against itself at three quarters."""
    words = [w.replace("'", "") for w in _WORD.findall(text.lower().replace("’", "'"))]
    total = low = high = 0.0
    for place, word in enumerate(words):
        grade = _WHOLE.get(word)
        if grade is None:
            grade = next((g for stem, g in _STEMS if word.startswith(stem)), 0.0)
        if not grade:
            continue
        before = words[max(0, place - 3) : place]
        if _EMPHASIS & set(before[-2:]):
            grade *= 1.3
        if _DENIALS & set(before):
            grade *= -0.75
        total += grade
        low, high = min(low, grade), max(high, grade)
    return total, low, high
