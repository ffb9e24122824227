"""`trinity compare`: the same questions on several models, side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from adapters.embeddings import make_embedder
from adapters.meaning import Meaning
from manifest.errors import ConfigError
from manifest.settings import load_settings
from router.build import build_router
from router.call import Router
from router.comparing import Standing, Trial, answer_id, compare, standings
from router.learning import Signal
from router.sensitivity import SensitivityJudge
from store.engine import Database
from store.errors import StoreError
from store.ids import new_id

_BAR = 8


def compare_models(
    prompts: Path = typer.Argument(..., exists=True, dir_okay=False, help='Lines of JSON with a "prompt" or "text".'),  # noqa: B008
    models: str = typer.Option(..., "--models", help="Two or more model names, with commas between."),
    judge: str | None = typer.Option(None, "--judge", help="A model that judges each pair, twice, places swapped."),
    out: Path | None = typer.Option(None, "--out", help="Write every answer as lines of JSON."),  # noqa: B008
    learn: bool = typer.Option(False, "--learn", help="Let the router learn from the judge's preferences."),
) -> None:
    """Compare models by agreement, speed, cost and, with a judge, by preference."""
    names = list(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    if len(names) < 2:
        typer.echo("--models needs two or more names with commas between.", err=True)
        raise typer.Exit(2)
    questions = _read(prompts)
    try:
        lines = asyncio.run(_run(questions, names, judge, out, learn))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except StoreError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    _show(lines)


def _read(prompts: Path) -> list[str]:
    found = []
    for number, line in enumerate(prompts.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.append(str(row["prompt"] if "prompt" in row else row["text"]))
        except (ValueError, KeyError, TypeError):
            typer.echo(f'{prompts}: line {number} has neither "prompt" nor "text".', err=True)
            raise typer.Exit(2) from None
    return found


async def _run(
    questions: list[str], names: list[str], judge: str | None, out: Path | None, learn: bool
) -> list[Standing]:
    settings = load_settings()
    database = await Database.open(settings.database_url, settings.home)
    embedder = make_embedder(settings.embeddings)
    sensitivity = SensitivityJudge()
    router = await build_router(settings, database, sensitivity, redactor=sensitivity)
    meaning = Meaning(embedder)

    async def same(texts: Sequence[str]) -> list[list[bool]]:
        pairs = [(a, b) for a in texts for b in texts]
        scores = await meaning.same(pairs)
        size = len(texts)
        return [[i == j or scores[i * size + j] >= 0.5 for j in range(size)] for i in range(size)]

    try:
        await router.warm()
        run = new_id("compare")
        trials = await compare(router, questions, names, same, judge=judge, run=run)
        if learn:
            await _learn(router, trials, run)
    finally:
        await router.close()
        await database.close()
    if out is not None:
        await asyncio.to_thread(out.write_text, _lines(trials), encoding="utf-8")
    return standings(trials, names)


async def _learn(router: Router, trials: list[Trial], run: str) -> None:
    """A judged pair is an outcome for both of its models."""
    if router.learner is None:
        return
    for number, trial in enumerate(trials):
        for (a, b), won in trial.preferred.items():
            value = {"first": 1.0, "second": 0.0, "neither": 0.5}[won]
            pair = f"{a}/{b}"
            await router.learner.note(answer_id(run, number, a), Signal.AGREEMENT, value, about=pair)
            await router.learner.note(answer_id(run, number, b), Signal.AGREEMENT, 1.0 - value, about=pair)


def _lines(trials: list[Trial]) -> str:
    rows = [
        {
            "question": t.question,
            "answers": {
                name: None if a is None else {"text": a.text, "ms": a.use.ms, "cost_usd": str(a.use.cost_usd)}
                for name, a in t.answers.items()
            },
            "agree": {" / ".join(pair): value for pair, value in t.agree.items()},
            "preferred": {" / ".join(pair): value for pair, value in t.preferred.items()},
        }
        for t in trials
    ]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _show(lines: list[Standing]) -> None:
    table = Table(box=None)
    table.add_column("model", no_wrap=True)
    for head in ("answered", "failed", "agreement", "preferred", "mean time", "cost", ""):
        table.add_column(head)
    dearest = max((line.cost_usd for line in lines), default=0) or 1
    for line in lines:
        bar = "█" * round(_BAR * float(line.cost_usd / dearest))
        table.add_row(
            line.model,
            str(line.answered),
            str(line.failed),
            _share(line.agreement),
            _share(line.preferred),
            "" if line.mean_ms is None else f"{line.mean_ms / 1000:.2f} s",
            f"${line.cost_usd:.6f}",
            bar,
        )
    Console().print(table)


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"
