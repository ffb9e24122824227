"""Undoes disguises of the letters themselves: shifts (ROT13), reversal, leet, spaced letters, swapped letters.

What tells disguise from text is the vocabulary: a stretch is undone where its words become known words and were not
known before. One- and two-letter words decide nothing.
"""

import re
import string
from collections.abc import Callable
from functools import lru_cache

from adapters.wordlist import known_words, word_costs

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ALPHABET = string.ascii_lowercase
_ATBASH = str.maketrans(_ALPHABET + _ALPHABET.upper(), _ALPHABET[::-1] + _ALPHABET[::-1].upper())
_LEET = str.maketrans("4@3€01!|5$7+8962(", "aaeeoiilssttbggzc")
_LEET_TOKEN = re.compile(r"[A-Za-z0-9@€!|$+(]+(?:'[A-Za-z0-9]+)?")
_SPACED = re.compile(r"(?<![^\s\"'(\[:])(?:\w(?:[ ]{1,4}|[.\-_*~|·,/]{1,2}|[ ][.\-_*~|·/][ ])){5,}\w(?!\w)[.!?]?")
_SEPARATED = re.compile(r"[A-Za-z]+(?:[*_~|.^`\-\u00b7]{1,3}[A-Za-z]+)+")


@lru_cache(maxsize=8)
def _shift(by: int) -> dict[int, int]:
    rotated = _ALPHABET[by:] + _ALPHABET[:by]
    return str.maketrans(_ALPHABET + _ALPHABET.upper(), rotated + rotated.upper())


def _stretch(text: str, change: Callable[[str], str]) -> tuple[int, int] | None:
    """From the first to the last word that becomes known by `change`, where such words outnumber the plain ones.

    None where fewer than two words become known.
    """
    known = known_words()
    marks: list[tuple[int, int, int]] = []
    for match in _TOKEN.finditer(text):
        word = match[0].lower()
        if len(word) < 3:
            continue
        now, then = word in known, change(word) in known
        if now != then:
            marks.append((match.start(), match.end(), 1 if then else -1))
    # The best stretch is the one with the largest sum (Kadane).
    best, best_span, total, begin = 0, (0, 0), 0, 0
    for index, (_, _, value) in enumerate(marks):
        if total <= 0:
            total, begin = 0, index
        total += value
        if total > best:
            best, best_span = total, (begin, index)
    if best < 2:
        return None
    start, end = marks[best_span[0]][0], marks[best_span[1]][1]
    # Take in neighbours that decide nothing (short or unknown either way), up to a plain word or the line's end.
    before = marks[best_span[0] - 1][1] if best_span[0] > 0 else 0
    after = marks[best_span[1] + 1][0] if best_span[1] + 1 < len(marks) else len(text)
    lead = re.search(r"[^:\n\"]*$", text[before:start])
    start -= len(lead[0]) if lead else 0
    tail = re.match(r"[^\n\"]*", text[end:after])
    end += len(tail[0]) if tail else 0
    return start, end


def shifted(text: str) -> tuple[str, int, int] | None:
    """(decoded, start, end) of a stretch written with ROT13, another shift, or Atbash."""
    words = [w.lower() for w in _TOKEN.findall(text) if len(w) > 2]
    if len(words) < 2:
        return None
    unknown = sum(w not in known_words() for w in words)
    tables = [_shift(13)]
    if unknown >= 3 and unknown / len(words) > 0.4:
        tables += [_shift(by) for by in range(1, 26) if by != 13] + [_ATBASH]
    if unknown < 2:
        return None
    best: tuple[int, str, int, int] | None = None
    for table in tables:
        span = _stretch(text, lambda w, table=table: w.translate(table))  # type: ignore[misc]
        if span:
            decoded = text[span[0] : span[1]].translate(table).strip()
            value = sum(w.lower() in known_words() for w in _TOKEN.findall(decoded))
            if best is None or value > best[0]:
                best = (value, decoded, *span)
    return best[1:] if best else None


def reversed_text(text: str) -> tuple[str, int, int] | None:
    """(decoded, start, end) of a stretch written backwards."""
    span = _stretch(text, lambda w: w[::-1])
    if span is None:
        return None
    return text[span[0] : span[1]][::-1].strip(), *span


def unleet(text: str) -> str | None:
    """The text with digits and signs read as letters, where at least two words become known; else None."""
    known = known_words()
    changed: dict[str, str] = {}
    tokens = set(_LEET_TOKEN.findall(text))
    for token in tokens:
        if token.isalpha() or not any(c.isalpha() for c in token) or token in changed:
            continue
        core = token.rstrip("!(+|")
        for one in ("i", "l"):
            plain = core.lower().replace("1", one).translate(_LEET)
            if plain in known or plain.replace("'", "") in known:
                changed[token] = plain + token[len(core) :]
                break
    if len(changed) < 2:
        return None
    # Enough is certain: read the rest the same way, numbers of up to two digits too when they make a word.
    for odd in tokens - changed.keys():
        if odd.isalpha():
            continue
        plain = odd.lower().translate(_LEET)
        if any(c.isalpha() for c in odd) or odd in ("4", "1") or (len(odd) <= 6 and plain in known):
            changed[odd] = plain
    return _LEET_TOKEN.sub(lambda m: changed.get(m[0], m[0]), text)


def _split_run(run: str) -> str:
    """Words of run-together letters, cheapest first by vocabulary rank (Viterbi)."""
    costs = word_costs()
    run = run.lower()
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(run) + 1):
        options = [
            (best[start][0] + costs.get(run[start:end], 14.0 if end - start == 1 else 40.0), start)
            for start in range(max(0, end - 16), end)
        ]
        best.append(min(options))
    words, end = [], len(run)
    while end:
        start = best[end][1]
        words.append(run[start:end])
        end = start
    return " ".join(reversed(words))


def unspaced(text: str) -> tuple[str, int, int] | None:
    """(joined, start, end) of the longest run of letters set apart ("i g n o r e", "i-g-n-o-r-e"); else None."""
    runs = [m for m in _SPACED.finditer(text[:20_000]) if sum(c.isalpha() for c in m[0]) >= 6]
    if not runs:
        return None
    run = max(runs, key=lambda m: m.end() - m.start())
    wide = re.split(r"[ ]{2,}", run[0].strip())
    if len(wide) > 1:
        words = [re.sub(r"[^\w'’?!,:]", "", w) for w in wide]
        joined = " ".join(w for w in words if w)
    else:
        # One separator between letters and another between words, or none between words at all.
        parts = re.split(r"[ ]+(?=\w[.\-_*~|·/,])", run[0]) if re.search(r"\w[.\-_*~|·/,]\w", run[0]) else [run[0]]
        words = [re.sub(r"[\W_]", "", p) for p in parts]
        joined = " ".join(_split_run(w) if len(words) == 1 or len(w) > 12 else w for w in words if w)
    return joined, run.start(), run.end()


@lru_cache(maxsize=1)
def _anagrams() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for word in known_words():
        if 4 <= len(word) <= 16 and word.isascii():
            table.setdefault("".join(sorted(word)), []).append(word)
    return table


def _one_swap(a: str, b: str) -> bool:
    differ = [i for i in range(len(a)) if a[i] != b[i]]
    return len(differ) == 2 and differ[1] == differ[0] + 1


def respelled(text: str) -> str:
    """The text with swapped inner letters put right and split words joined, where it is mostly known words."""
    known = known_words()
    words = [w.lower() for w in _TOKEN.findall(text[:40_000])]
    long = [w for w in words if len(w) > 2]
    unknown = {w for w in long if len(w) > 3 and w not in known and w.isascii()}
    if unknown and len(unknown) < 400 and len(unknown) <= 0.7 * len(long):
        table = _anagrams()
        better: dict[str, str] = {}
        for word in unknown:
            for other in table.get("".join(sorted(word)), ()):
                if _one_swap(word, other) or (word[0] == other[0] and word[-1] == other[-1]):
                    better[word] = other
                    break
        if better:
            text = _TOKEN.sub(lambda m: better.get(m[0].lower(), m[0]), text)
    if any(c in text for c in "*_~|^`·") or re.search(r"[A-Za-z][.\-][A-Za-z]+[.\-]", text):

        def join(match: re.Match[str]) -> str:
            parts = re.split(r"[^A-Za-z]+", match[0].lower())
            joined = "".join(parts)
            return joined if joined in known and any(p not in known for p in parts) else match[0]

        text = _SEPARATED.sub(join, text)
    return text
