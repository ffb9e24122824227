"""One replica of several on one database. It beats; what it does is MODE:

run HOLD    carries out an approved hold: the action writes HOME/begun, waits for HOME/go, then acts on the world
sweep       settles what silent replicas left, again and again, until HOME/stop is there
serve       whole exchanges: takes up what was decided and what silent replicas left, until HOME/stop is there
approve     approves every hold that HOME/holds names, as Bo, and serves from then on

Usage: python replica.py HOME URL MODE [HOLD | SILENT_S SWEEP_S]. A line in HOME/world is something done to the world;
HOME/begun-KEY is there once an action began.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from holds.actions import Action, Actions, Done
from holds.desk import HoldDesk
from holds.policy import Policy
from holds.record import HoldRecord
from holds.running import Runner
from holds.runs import ActionContext
from manifest.holds import load_policy
from organs.bundles import Effect
from store.engine import Database
from store.flags import Flags
from store.people import People
from store.replicas import Replicas
from tests.conversing import KeyedLedger, Talk, build_talk
from tests.house import BO

SILENT_S, SWEEP_S = 4.0, 0.5


async def main() -> None:
    home, url, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    whole = mode in ("serve", "approve")
    silent = float(sys.argv[4]) if whole else SILENT_S
    sweep_s = float(sys.argv[5]) if whole else SWEEP_S
    database = await Database.open(url, home)
    people = People(database)
    replicas = Replicas(database, silent=timedelta(seconds=silent))
    await replicas.beat()

    async def beats() -> None:
        while True:
            await asyncio.sleep(0.4)
            await replicas.beat()

    async def act(_arguments: Mapping[str, str], context: ActionContext) -> Done:
        (home / "begun").touch()
        (home / f"begun-{context.key.replace(':', '-')}").touch()
        while not (home / "go").exists():
            await asyncio.sleep(0.05)
        with (home / "world").open("a") as world:
            world.write(f"did {context.key}\n")
            world.flush()
            os.fsync(world.fileno())
        return Done("Done.")

    beating = asyncio.create_task(beats())
    desk = HoldDesk(database, Policy(load_policy(home), people), people)
    actions = Actions(database, people, Flags(database), replicas)
    actions.register(Action("act", "Act.", Effect.COMPENSABLE, act))
    runner = Runner(database, desk, actions, replicas)
    if whole:
        talk = build_talk(
            database, desk, actions, runner, owner=replicas.id, ledger=KeyedLedger(home / f"ledger-{replicas.id}")
        )
        await serve(home, desk, runner, replicas, talk, approve=mode == "approve", sweep_s=sweep_s)
    elif mode == "run":
        await runner.run(sys.argv[4])
    else:
        while not (home / "stop").exists():
            await runner.recover()
            await asyncio.sleep(0.2)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await database.close()


async def serve(
    home: Path, desk: HoldDesk, runner: Runner, replicas: Replicas, talk: Talk, *, approve: bool, sweep_s: float
) -> None:
    """As the roof's jobs do it, at the pace given."""

    async def decided(record: HoldRecord) -> None:
        talk.conversation.decided(record)

    desk.decided = decided
    if approve:
        for hold_id in (home / "holds").read_text().split():
            record = await desk.get(hold_id)
            assert record is not None
            await desk.decide(hold_id, by=BO, decision="approve", content_sha256=record.content_sha256)
        (home / "approved").touch()
    while not (home / "stop").exists():
        await runner.recover()
        await talk.inbox.release_silent(await replicas.alive())
        for record in await desk.decided_not_continued():
            talk.conversation.decided(record)
        await talk.conversation.sweep()
        for _ in range(int(sweep_s / 0.1)):
            if not (home / "stop").exists():
                await asyncio.sleep(0.1)
    await talk.conversation.stop(30.0)


if __name__ == "__main__":
    asyncio.run(main())
