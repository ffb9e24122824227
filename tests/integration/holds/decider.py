"""A process that decides every open hold one way, in the order given, and writes what it was told.

Usage: python decider.py HOME URL|- PERSON approve|deny OUT [DIE_AFTER]. One line per hold goes to OUT:
hold id, accepted or refused, and the state it was told. With DIE_AFTER it is killed after so many.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from holds.desk import HoldDesk
from holds.policy import Policy
from holds.record import HoldEvent
from manifest.holds import load_policy
from organs.bundles import Actor, Proof, Role
from store.engine import Database
from store.people import People


async def main() -> None:
    home, url, person, decision, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], Path(sys.argv[5])
    die_after = int(sys.argv[6]) if len(sys.argv) > 6 else None
    database = await Database.open(None if url == "-" else url, home)
    people = People(database)

    async def seal(event: HoldEvent) -> int:
        return event.id  # a ledger that gives the same key the same place

    desk = HoldDesk(database, Policy(load_policy(home), people), people, on_event=seal)
    known = await people.person(person)
    assert known is not None
    by = Actor(known.id, known.name, Role(known.role), Proof.LINKED, "test")
    todo = (home / "holds").read_text().split()
    if decision == "deny":
        todo.reverse()  # so that the two meet in the middle
    with out.open("a") as lines:
        for n, hold_id in enumerate(todo):
            if die_after is not None and n >= die_after:
                os.kill(os.getpid(), signal.SIGKILL)
            record = await desk.get(hold_id)
            assert record is not None
            said = await desk.decide(
                hold_id,
                by=by,
                decision=decision,  # type: ignore[arg-type]
                content_sha256=record.content_sha256,
            )
            assert said.record is not None
            lines.write(f"{hold_id} {'accepted' if said.accepted else 'refused'} {said.record.state}\n")
            lines.flush()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
