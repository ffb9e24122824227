"""Puts the measured figures where people read them: the table of `docs/floors.md` and `manifest/measured.json`."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.report import BenchRow, machine, table
from bench.train.common import ROOT

PAGE = ROOT / "docs" / "floors.md"
MEASURED = ROOT / "manifest" / "measured.json"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"

# floor → (row of the bench, what `trinity constitution` calls it)
SHOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "F1": (("destructive_recall", "recall"), ("destructive_false_alarms", "false alarms"), ("table_f1", "own table")),
    "F2": (
        ("grounding: AUROC, mean over sources, never-trained part", "AUROC"),
        ("grounding: AUROC on a new source (each left out in turn)", "AUROC, new source"),
    ),
    "F4": (("F4: answers that mean the same, AUROC of pairs, cross-validated", "AUROC"),),
    "F5": (("harm_recall", "recall"), ("harm_false_alarms", "false alarms"), ("table_f5", "own table")),
    "F6": (("care_better_wins", "better answer wins"), ("empathy_auroc", "distress AUROC")),
    "F7": (("confidence: calibration error, never-trained part", "calibration error"),),
    "F8": (("F8: the draft addresses the request, AUROC, cross-validated", "relevance AUROC"),),
    "F9": (("hantu_recall", "recall"), ("hantu_false_alarms", "false alarms")),
    "F10": (("table_f10", "own table"),),
    "F12": (
        ("injection_recall", "recall"),
        ("injection_false_alarms", "false alarms"),
        ("unseen_sources_recall", "recall, new sources"),
    ),
    "F13": (("crisis_recall_all", "crisis recall"), ("crisis_false_alarms_all", "crisis false alarms")),
}


def publish(rows: Sequence[BenchRow]) -> None:
    """Write both. Raises ValueError where the page lacks its markers or a shown row was not measured."""
    by_name = {row.name: row for row in rows}
    floors: dict[str, list[dict[str, float | int | str | None]]] = {}
    for floor, shown in SHOWN.items():
        for row_name, word in shown:
            row = by_name.get(row_name)
            if row is None or row.value is None:
                raise ValueError(f"{floor}: the row “{row_name}” was not measured")
            floors.setdefault(floor, []).append(
                {
                    "name": word,
                    "value": round(row.value, 4),
                    "n": row.n,
                    "low": None if row.low is None else round(row.low, 4),
                    "high": None if row.high is None else round(row.high, 4),
                }
            )
    today = datetime.now(UTC).date().isoformat()
    MEASURED.write_text(json.dumps({"date": today, "floors": floors}, indent=1) + "\n", encoding="utf-8")
    _into(PAGE, f"{today}, {machine()}.\n\n{table(rows)}")


def _into(page: Path, text: str) -> None:
    old = page.read_text(encoding="utf-8")
    if BEGIN not in old or END not in old:
        raise ValueError(f"{page.name} has no {BEGIN} … {END}")
    head, _, rest = old.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
