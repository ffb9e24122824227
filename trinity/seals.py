"""What the roof itself puts into the ledger: hold events, changed declarations, messages turned away."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from holds.record import HoldEvent
from holds.undone import Undone
from manifest.constitution import Constitution
from vault.entry import NewEntry
from vault.ledger import Ledger


def ledger_url(database_url: str | None) -> str | None:
    """The ledger's PostgreSQL where the application's database is one; SQLite has a file of its own."""
    if database_url and database_url.startswith(("postgres://", "postgresql://")):
        return database_url
    return None


def hold_event(event: HoldEvent) -> NewEntry:
    """One step of a hold; the reason is a person's words and goes in encrypted."""
    body: dict[str, object] = {
        "hold": event.hold_id,
        "exchange": event.exchange_id,
        "action": event.action,
        "class": event.action_class,
        "state": event.state,
        "person": event.person,
        "channel": event.channel,
        "decision": event.decision,
        "content_sha256": event.content_sha256,
        "proof": event.proof,
        "self_ratified": event.self_ratified,
        "at": None if event.at is None else event.at.isoformat(timespec="milliseconds"),
    }
    texts = {name: text for name, text in (("reason", event.reason), ("note", event.note)) if text and event.person}
    return NewEntry(
        kind=event.kind,
        key=event.key,
        body=body,  # type: ignore[arg-type]  # JSON values only
        texts=texts,
        person=event.person if texts else None,
    )


def undone(one: Undone) -> NewEntry:
    """What somebody took back."""
    return NewEntry(
        kind="action.undone",
        key=one.key,
        body={
            "run": one.run,
            "exchange": one.exchange_id,
            "hold": one.hold_id,
            "action": one.action,
            "person": one.person,
            "at": None if one.at is None else one.at.isoformat(timespec="milliseconds"),
        },
    )


async def declarations(ledger: Ledger, home: Path, rules: Constitution, people: list[str]) -> None:
    """Seal the constitution in force and what changed in people.toml since the last start, once each."""
    constitution = rules.sha256
    entry = NewEntry(
        kind="constitution.change",
        key=f"constitution:{constitution}:{_times(home, 'constitution', constitution)}",
        body={"sha256": constitution, "thresholds": {f: r.threshold for f, r in rules.floors.items()}},
    )
    await ledger.append(entry)
    if people:
        digest = hashlib.sha256("\n".join(people).encode()).hexdigest()
        await ledger.append(
            NewEntry(
                kind="people.change",
                key=f"people:{digest}:{ledger.size}",
                body={"changes": people, "sha256": digest},
            )
        )


def people_change(words: str, now: datetime) -> NewEntry:
    """One change that people made while running: a linked account, a role, an authenticator app."""
    at = now.isoformat(timespec="microseconds")
    return NewEntry(kind="people.change", key=f"people:{words}:{at}", body={"changes": [words], "at": at})


def _times(home: Path, what: str, value: str) -> int:
    """How often `value` came into force: going back to an earlier one is a change of its own."""
    path = home / f"{what}.sealed"
    lines = path.read_text(encoding="utf-8").split() if path.exists() else []
    if not lines or lines[-1] != value:
        lines.append(value)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.chmod(0o600)
    return lines.count(value)
