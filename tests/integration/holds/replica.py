"""One replica of several on one database. It beats; what it does is MODE:

run HOLD    carries out an approved hold: the action writes HOME/begun, waits for HOME/go, then acts on the world
sweep       settles what silent replicas left, again and again, until HOME/stop is there

Usage: python replica.py HOME URL MODE [HOLD]. A line in HOME/world is something done to the world.
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
from holds.running import Runner
from holds.runs import ActionContext
from manifest.holds import load_policy
from organs.bundles import Effect
from store.engine import Database
from store.flags import Flags
from store.people import People
from store.replicas import Replicas

SILENT = timedelta(seconds=4)


async def main() -> None:
    home, url, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    database = await Database.open(url, home)
    people = People(database)
    replicas = Replicas(database, silent=SILENT)
    await replicas.beat()

    async def beats() -> None:
        while True:
            await asyncio.sleep(0.4)
            await replicas.beat()

    async def act(_arguments: Mapping[str, str], context: ActionContext) -> Done:
        (home / "begun").touch()
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
    if mode == "run":
        await runner.run(sys.argv[4])
    else:
        while not (home / "stop").exists():
            await runner.recover()
            await asyncio.sleep(0.2)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
