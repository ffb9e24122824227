"""Reads one view of a text for takeover: which stretches are worth a sentence vector, and the numbers that decide.

Two phases around the one costly step, so that training and use share every line: `plan` picks windows and sentences
by their n-grams alone, the caller embeds what was picked (all views in one batch), `measure` turns plan and vectors
into the numbers that the document model weighs.
"""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adapters.classifier import TextModel
from organs.airlock.units import Unit, sentences, windows

Floats = NDArray[np.float32]

TOP_WINDOWS = 2  # besides the first
TOP_SENTENCES = 3
# Below these log-odds the n-grams alone settle it: on unseen folds no attack that the whole model found lay there,
# and most of the chat did (docs/floors/f12.md). Such a text needs no sentence vector.
QUIET_TAKEOVER = -2.0
QUIET_INSTRUCTION = -2.0
_MAIL = re.compile(
    r"(?im)^(?:subject|from|to|sent|received|betreff|von|asunto|objet)\b.{0,20}:|^\s*(?:hi|hello|dear|hallo|liebe\w*|"
    r"hola|bonjour|ciao)\b.{0,40},|(?:regards|cheers|best wishes|sincerely|unsubscribe|grüße)\b"
)
_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:def|class|import|function|return|#include|public|INFO|ERROR|WARN)\b", re.MULTILINE
)

FEATURES = (
    "window_linear_max", "window_linear_mean", "window_dense_max", "window_dense_mean", "window_first",
    "sentence_max", "sentence_second", "sentence_first", "sentence_linear_max", "sentence_linear_mean",
    "top_attack_linear", "top_attack_dense", "attack_linear_max", "oddness",
    "top_is_first", "top_is_last", "words", "sentences", "tables", "mail", "code", "questions", "own_request",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """What was picked of one view, and what its n-grams said."""

    text: str
    windows: tuple[Unit, ...]
    window_linear: Floats
    picked_windows: tuple[int, ...]
    sentences: tuple[Unit, ...]  # empty for a text of one sentence
    sentence_linear: Floats  # log-odds of a stray instruction
    attack_linear: Floats  # log-odds of takeover, per sentence
    picked_sentences: tuple[int, ...]

    @property
    def quiet(self) -> bool:
        """The n-grams alone say that nothing here tries to take over."""
        if float(self.window_linear.max()) >= QUIET_TAKEOVER:
            return False
        return not self.sentences or (
            float(self.attack_linear.max()) < QUIET_TAKEOVER and float(self.sentence_linear.max()) < QUIET_INSTRUCTION
        )

    @property
    def texts(self) -> list[str]:
        """What to embed, in the order that `measure` expects."""
        return [self.windows[i].text for i in self.picked_windows] + [
            self.sentences[i].text for i in self.picked_sentences
        ]


def plan(text: str, takeover: TextModel, instruction: TextModel) -> Plan:
    """Pick the windows and sentences of one view that deserve a vector."""
    found_windows = windows(text)
    window_linear = takeover.linear([w.text for w in found_windows])
    best = np.argsort(-window_linear)[:TOP_WINDOWS].tolist()
    picked = tuple(dict.fromkeys([0, *best]))
    units = sentences(text)
    if len(units) < 2:
        none = np.zeros(0, np.float32)
        return Plan(text, tuple(found_windows), window_linear, picked, (), none, none, ())
    texts = [u.text for u in units]
    sentence_linear = instruction.linear(texts)
    attack_linear = takeover.linear(texts)
    order = np.argsort(-sentence_linear)[:TOP_SENTENCES].tolist()
    order.append(int(np.argmax(attack_linear)))
    order.append(0)
    return Plan(
        text, tuple(found_windows), window_linear, picked, tuple(units), sentence_linear, attack_linear,
        tuple(dict.fromkeys(order)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one view (in the order of FEATURES) and the sentences that carry them."""

    numbers: Floats
    carriers: tuple[tuple[Unit, float], ...]  # sentence, log-odds of being the instruction; strongest first


def measure(made: Plan, vectors: Floats, takeover: TextModel, instruction: TextModel) -> Measured:
    """(len(FEATURES),) numbers of one view. `vectors` are those of `made.texts`."""
    count = len(made.picked_windows)
    window_dense = takeover.dense(vectors[:count])
    text = made.text
    n_words = len(text.split())
    numbers = dict.fromkeys(FEATURES, 0.0)
    numbers["window_linear_max"] = float(made.window_linear.max())
    numbers["window_linear_mean"] = float(made.window_linear.mean())
    numbers["window_dense_max"] = float(window_dense.max())
    numbers["window_dense_mean"] = float(window_dense.mean())
    numbers["window_first"] = float(window_dense[0] + made.window_linear[0])
    numbers["words"] = math.log1p(n_words)
    numbers["sentences"] = math.log1p(len(made.sentences))
    lines = text.count("\n") + 1
    numbers["tables"] = min(1.0, text.count("|") / max(4, n_words) * 4)
    numbers["mail"] = min(3, len(_MAIL.findall(text)))
    numbers["code"] = min(1.0, len(_CODE.findall(text)) / lines)
    carriers: tuple[tuple[Unit, float], ...] = ()
    if made.sentences:
        picked = list(made.picked_sentences)
        own = vectors[count:]
        combined = (
            instruction.stack[0]
            + np.stack([made.sentence_linear[picked], instruction.dense(own)], axis=1) @ instruction.stack[1:]
        )
        attack = takeover.dense(own)
        order = np.argsort(-combined)
        top = int(order[0])
        numbers["sentence_max"] = float(combined[top])
        numbers["sentence_second"] = float(combined[order[1]]) if len(order) > 1 else -4.0
        numbers["sentence_first"] = float(combined[picked.index(0)])
        numbers["sentence_linear_max"] = float(made.sentence_linear.max())
        numbers["sentence_linear_mean"] = float(made.sentence_linear.mean())
        numbers["top_attack_linear"] = float(made.attack_linear[picked[top]])
        numbers["top_attack_dense"] = float(attack.max())
        numbers["attack_linear_max"] = float(made.attack_linear.max())
        rest = [i for i in range(len(picked)) if i != top]
        around = vectors[rest_rows(count, rest)] if rest else vectors[:count]
        numbers["oddness"] = 1.0 - float((around @ own[top]).max())
        numbers["top_is_first"] = float(picked[top] == 0)
        numbers["top_is_last"] = float(picked[top] == len(made.sentences) - 1)
        numbers["questions"] = sum("?" in u.text for u in made.sentences) / len(made.sentences)
        numbers["own_request"] = float(
            combined[picked.index(0)] > 0 and made.sentences[0].text.rstrip().endswith((":", "?"))
        )
        strength = np.maximum(combined, attack + made.attack_linear[picked])
        carriers = tuple((made.sentences[picked[i]], float(strength[i])) for i in np.argsort(-strength).tolist())
    return Measured(np.array([numbers[name] for name in FEATURES], np.float32), carriers)


def rest_rows(windows_before: int, rest: list[int]) -> list[int]:
    """Row numbers of the other picked sentences among all vectors of a plan."""
    return [windows_before + i for i in rest]
