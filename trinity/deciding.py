"""The wiring of what surrounds a decision: who is asked and where, edits, and what the people may change themselves."""

from __future__ import annotations

from dataclasses import dataclass

from bots.bridge.people_port import PeoplePort
from bots.exchanges import Exchanges
from bots.local import on_the_bridge
from holds.actions import Actions
from holds.desk import HoldDesk
from holds.editing import Editing
from holds.enrolment import Enrolment
from holds.linking import Linking
from holds.notices import Notices, Places
from holds.record import HoldRecord
from holds.stepup import StepUpCodes
from holds.undone import Undone
from notifications.outbox import Delivery
from store.codes import Codes
from store.engine import Database
from store.outbox import Outbox
from store.people import People
from store.times import utcnow
from trinity import seals
from vault.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Deciding:
    """What the bridge, the jobs and later channels are given."""

    editing: Editing
    notices: Notices
    places: Places  # a channel that can write to people unasked registers its way here
    people: PeoplePort


def wire_deciding(
    database: Database,
    ledger: Ledger,
    people: People,
    desk: HoldDesk,
    actions: Actions,
    exchanges: Exchanges,
    delivery: Delivery,
    outbox: Outbox,
    step_up: StepUpCodes,
) -> Deciding:
    """Asks deciders when a hold is opened, passes questions on, judges edits, and seals what was taken back."""
    places = Places(on_the_bridge)
    notices = Notices(database, desk, people, places.of)

    async def changed(record: HoldRecord) -> None:
        if await notices.changed(record):
            delivery.wake()

    async def undone(one: Undone) -> int:
        return (await ledger.append(seals.undone(one))).index

    async def people_changed(words: str) -> None:
        await ledger.append(seals.people_change(words, utcnow()))
        delivery.wake()

    desk.changed, actions.on_undone = changed, undone
    linking = Linking(people, Codes(database), outbox, people_changed, connected=lambda: delivery.senders)
    return Deciding(
        Editing(database, desk, exchanges.reexamine),
        notices,
        places,
        PeoplePort(people, Enrolment(people, step_up, people_changed), linking, people_changed),
    )
