"""A small set of people, holds and a clock that a test turns, for tests of human decisions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files

from holds.actions import Action, ActionFailed, Actions, Done
from holds.desk import HoldDesk, StepUp
from holds.policy import Policy
from holds.record import HoldEvent, HoldRecord, HoldRequest
from holds.reminders import Reminders
from holds.running import Runner
from holds.runs import ActionContext
from manifest.holds import HoldPolicy, parse_policy
from manifest.people import DeclaredIdentity, DeclaredPerson
from organs.bundles import Actor, Effect, Proof, Role
from store.engine import Database
from store.flags import Flags
from store.people import People
from store.replicas import Replicas

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Hands:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


def shipped() -> HoldPolicy:
    return parse_policy(files("manifest").joinpath("holds.toml").read_text(encoding="utf-8"))


TEAM = (
    DeclaredPerson("ana", "Ana", "commander", (DeclaredIdentity("local", "ana"),)),
    DeclaredPerson("bo", "Bo", "approver", (DeclaredIdentity("slack", "T1/U2"),)),
    DeclaredPerson("cy", "Cy", "approver", (DeclaredIdentity("slack", "T1/U3"),)),
    DeclaredPerson("di", "Di", "member", (DeclaredIdentity("slack", "T1/U4"),)),
    DeclaredPerson("ed", "Ed", "guest", (DeclaredIdentity("slack", "T1/U5"),)),
)
ALONE = TEAM[:1]


def actor(person: str, role: str = "member", *, proof: Proof = Proof.LINKED, channel: str = "bridge") -> Actor:
    return Actor(person, person.title(), Role(role), proof, channel)


ANA, BO, CY = actor("ana", "commander"), actor("bo", "approver"), actor("cy", "approver")
DI, ED = actor("di"), actor("ed", "guest")


def request(
    exchange: str = "ex_1",
    *,
    requester: str = "di",
    action: str = "unknown",
    action_class: str = "unknown",
    content: str = '{"request":"drop the users table"}',
    effect: Effect = Effect.IRREVERSIBLE,
    kind: str = "action",
) -> HoldRequest:
    return HoldRequest(
        exchange_id=exchange,
        kind=kind,  # type: ignore[arg-type]
        action=action,
        action_class=action_class,
        summary="Drop the users table",
        content=content,
        effect=effect,
        requester=requester,
        channel="bridge",
        thread="T1",
        plan="1. Look. 2. Do it once.",
    )


@dataclass
class Tool:
    """An action whose calls are counted, as the world would see them."""

    calls: list[str] = field(default_factory=list)
    fails: Exception | None = None

    def action(self, name: str = "bucket.delete", **more: object) -> Action:
        return Action(name, "Delete it.", Effect.IRREVERSIBLE, self._run, action_class="compensable", **more)  # type: ignore[arg-type]

    async def _run(self, arguments: object, context: ActionContext) -> Done:
        self.calls.append(context.key)
        if self.fails is not None:
            raise self.fails
        return Done("Deleted.")


@dataclass
class House:
    database: Database
    hands: Hands
    people: People
    policy: Policy
    desk: HoldDesk
    actions: Actions
    runner: Runner
    reminders: Reminders
    replicas: Replicas
    sealed: list[HoldEvent]
    decided: list[HoldRecord]

    async def open(self, *args: object, **more: object) -> HoldRecord:
        return await self.desk.open(request(*args, **more))  # type: ignore[arg-type]


async def build(
    database: Database,
    people: tuple[DeclaredPerson, ...] = TEAM,
    declared: HoldPolicy | None = None,
    *,
    hands: Hands | None = None,
    step_up: StepUp | None = None,
) -> House:
    """The parts wired as the roof wires them, with a ledger that only counts."""
    hands = hands or Hands()
    crowd = People(database, hands)
    await crowd.sync(people)
    policy = Policy(declared or shipped(), crowd)
    sealed: list[HoldEvent] = []
    decided: list[HoldRecord] = []

    async def seal(event: HoldEvent) -> int:
        if event.key not in [one.key for one in sealed]:
            sealed.append(event)
        return [one.key for one in sealed].index(event.key)

    async def note(record: HoldRecord) -> None:
        decided.append(record)

    desk = HoldDesk(database, policy, crowd, on_event=seal, decided=note, step_up=step_up, clock=hands)
    replicas = Replicas(database, hands)
    await replicas.beat()
    actions = Actions(database, crowd, Flags(database, hands), replicas, clock=hands)
    reminders = Reminders(database, hands)
    actions.register(reminders.action())
    runner = Runner(database, desk, actions, replicas, clock=hands)
    return House(database, hands, crowd, policy, desk, actions, runner, reminders, replicas, sealed, decided)


__all__ = ["ALONE", "ANA", "BO", "CY", "DI", "ED", "NOON", "TEAM", "ActionFailed", "Hands", "House", "Tool", "build"]
