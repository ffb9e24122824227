"""The wiring of what surrounds a decision: who is asked and where, edits, and what the people may change themselves."""

from __future__ import annotations

from dataclasses import dataclass

from bots.exchanges import Exchanges
from bots.local import on_the_bridge
from holds.actions import Actions
from holds.desk import HoldDesk
from holds.editing import Editing
from holds.notices import Notices, Places
from holds.record import HoldRecord
from holds.undone import Undone
from notifications.outbox import Delivery
from store.engine import Database
from store.people import People
from trinity import seals
from vault.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Deciding:
    """What the bridge, the jobs and later channels are given."""

    editing: Editing
    notices: Notices
    places: Places  # a channel that can write to people unasked registers its way here


def wire_deciding(
    database: Database,
    ledger: Ledger,
    people: People,
    desk: HoldDesk,
    actions: Actions,
    exchanges: Exchanges,
    delivery: Delivery,
) -> Deciding:
    """Asks deciders when a hold is opened, passes questions on, judges edits, and seals what was taken back."""
    places = Places(on_the_bridge)
    notices = Notices(database, desk, people, places.of)

    async def changed(record: HoldRecord) -> None:
        if await notices.changed(record):
            delivery.wake()

    async def undone(one: Undone) -> int:
        return (await ledger.append(seals.undone(one))).index

    desk.changed, actions.on_undone = changed, undone
    return Deciding(Editing(database, desk, exchanges.reexamine), notices, places)
