"""The rows of action runs: what is written before an action is called, and what after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Update, update

from organs.bundles import Effect
from store.tables import action_runs

RunState = Literal["running", "executed", "failed", "unknown", "undone", "paused", "no_tool"]

UNKNOWN = (
    "It was begun, and nobody can say whether it happened. It will not be tried again by itself: "
    "please look, and say in the hold what you found."
)
RUNNING = "It is being carried out."


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What became of a run. `unknown` is said as such and never tried again by itself."""

    state: RunState
    text: str = field(repr=False)
    key: str = ""
    undo: str | None = field(default=None, repr=False)  # what undoing needs; None: cannot be undone

    @property
    def undoable(self) -> bool:
        """Whether an Undo can be offered."""
        return self.state == "executed" and self.undo is not None


@dataclass(frozen=True, slots=True)
class ActionContext:
    """For whom and where an action runs. `key` is the idempotency key: the same key must never act twice."""

    key: str
    exchange_id: str
    person: str
    channel: str
    thread: str
    now: datetime
    allowed: Effect = Effect.IRREVERSIBLE  # the gravest effect that the mandate covers; a tool may turn out graver

    @property
    def by_hold(self) -> bool:
        """Whether a human's word stands behind this run."""
        return self.key.startswith("hold:")


def start_row(
    context: ActionContext, action: str, arguments: Mapping[str, str], *, owner: str, hold_id: str | None
) -> dict[str, Any]:
    """The row that says, before the call, that it is about to be made and by whom."""
    where = {"arguments": dict(arguments), "channel": context.channel, "thread": context.thread}
    return {
        "key": context.key,
        "hold_id": hold_id,
        "exchange_id": context.exchange_id,
        "action": action,
        "arguments": json.dumps(where),
        "actor": context.person,
        "owner": owner,
        "state": "running",
        "started_at": context.now,
    }


def begun(row: Any, now: datetime) -> tuple[ActionContext, Mapping[str, str]]:
    """What `start_row` wrote, to take a run up again."""
    saved = json.loads(row.arguments)
    context = ActionContext(row.key, row.exchange_id, row.actor, saved["channel"], saved["thread"], now)
    return context, saved["arguments"]


def finish(outcome: ActionOutcome, owner: str, now: datetime) -> Update:
    """The statement that ends a run; a process that lost its run to another, having slept too long, changes nothing."""
    return (
        update(action_runs)
        .where(action_runs.c.key == outcome.key, action_runs.c.state == "running", action_runs.c.owner == owner)
        .values(state=outcome.state, outcome=outcome.text, undo=outcome.undo, finished_at=now)
    )


def outcome_of(row: Any) -> ActionOutcome:
    """A row as an outcome."""
    return ActionOutcome(row.state, row.outcome or RUNNING, row.key, row.undo)
