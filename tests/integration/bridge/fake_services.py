"""A small in-memory set of services for tests of the page and the API alone; the story test uses the real ones."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bots.bridge.hold_words import Decided, HoldEvent, HoldView
from bots.bridge.people_words import Known, Profile, Said
from bots.bridge.services import (
    BridgeServices,
    BrowserSession,
    Grant,
    LedgerRow,
    LedgerTail,
    ModelHealth,
    Part,
    Purse,
    Status,
    Verification,
)
from bots.inbound import Accepted, HistoryItem, Inbound, NotAccepted, ThreadItem
from bots.progress import Progress, ProgressHub
from manifest.constitution import FLOORS, shipped
from organs.bundles import Actor, Proof, Role
from organs.outcome import FloorView, ModelView, Outcome, ReceiptView, StageView, WitnessView
from organs.outcome import HoldView as OutcomeHold
from router.usage import Side, UsageRow

ANA = Actor("ana", "Ana Okafor", Role.APPROVER, Proof.LINKED, "bridge")
BEN = Actor("ben", "Ben", Role.MEMBER, Proof.LINKED, "bridge")
CONSTITUTION = shipped()
STAGES = ("000", "111", "222", "333", "444", "555", "666", "777", "888", "999")


def floors(
    short: dict[str, tuple[float, str]] | None = None, open_: tuple[str, ...] = ("F4", "F13")
) -> dict[str, FloorView]:
    good = {
        "F1": (0.0, "nothing is changed: an answer only"),
        "F2": (1.0, "computed"),
        "F3": (0.983, "human 0.95, AI 1.00, earth 1.00"),
        "F5": (1.0, "nobody is harmed"),
        "F6": (0.88, "the reply is friendly and to the point"),
        "F7": (0.0, "computed facts are exempt"),
        "F8": (0.94, "precision 0.99, relevance 0.95"),
        "F9": (0.02, "no claim of feeling or consciousness"),
        "F10": (0.01, "keeps to what it is"),
        "F11": (0.95, "signed in, known as a member"),
        "F12": (0.03, "no sign of a takeover"),
        "F4": (0.0, ""),
        "F13": (0.0, ""),
    }
    out = {}
    for floor in FLOORS:
        rule = CONSTITUTION[floor]
        passed: bool | None = True
        score: float | None
        score, reason = good[floor]
        if floor in open_:
            score, passed, reason = (
                None,
                None,
                "one hypothesis only" if floor == "F4" else "nothing irreversible is asked",
            )
        if short and floor in short:
            score, reason = short[floor]
            passed = False
        out[floor] = FloorView(
            score=score, threshold=rule.threshold, direction=rule.direction, passed=passed, reason=reason
        )
    return out


def outcome(exchange_id: str, verdict: str, lane: str, reply: str, index: int, **more: object) -> Outcome:
    values: dict[str, object] = {
        "exchange_id": exchange_id,
        "verdict": verdict,
        "lane": lane,
        "reply": reply,
        "floors": floors(),
        "w3": WitnessView(human=0.95, ai=1.0, earth=1.0, value=0.983),
        "model": None,
        "stages": tuple(
            StageView(stage=s, ms=m)
            for s, m in zip(STAGES, (3.1, 5.4, 2.2, 7.9, 1.2, 2.4, 6.8, 0.9, 0.6, 9.7), strict=True)
        ),
        "receipt": ReceiptView(
            index=index, entry_hash=hashlib.sha256(exchange_id.encode()).hexdigest(), origin="trinity.example/ana"
        ),
        "reason": "every binding floor held",
    }
    values.update(more)
    return Outcome.model_validate(values)


MODEL = ModelView(
    name="claude-haiku-5-5",
    where="online",
    why="nothing sensitive, short question, cheapest that is good enough",
    cost_usd=0.00031,
    tokens_in=412,
    tokens_out=96,
)


@dataclass
class FakeTalk:
    """Answers by table; `pace` is the pause per half stage in seconds."""

    desk: FakeDesk
    ledger: FakeLedger
    pace: float = 0.0
    replies: dict[str, str] = field(default_factory=dict)
    received: list[Inbound] = field(default_factory=list)
    refuse: NotAccepted | None = None

    def __post_init__(self) -> None:
        self.hub = ProgressHub()
        self.items: dict[str, tuple[Inbound, Outcome | None]] = {}
        self.events: dict[str, str] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.undone: list[str] = []
        self.unasked: list[HistoryItem] = []

    async def receive(self, inbound: Inbound) -> Accepted:
        if self.refuse is not None:
            raise self.refuse
        known = self.events.get(inbound.event_id)
        if known is not None:
            return Accepted(known, True)
        self.received.append(inbound)
        exchange_id = "ex_" + secrets.token_hex(8)
        self.events[inbound.event_id] = exchange_id
        self.items[exchange_id] = (inbound, None)
        self.hub.begin(exchange_id)
        self.tasks[exchange_id] = asyncio.create_task(self._run(exchange_id, inbound))
        return Accepted(exchange_id, False)

    async def _run(self, exchange_id: str, inbound: Inbound) -> None:
        try:
            for stage in STAGES:
                note = "asking claude-haiku-5-5 (online: cheapest that is good enough)" if stage == "222" else ""
                self.hub.step(Progress(exchange_id, stage, "started", None, note))
                await asyncio.sleep(self.pace * (6 if stage == "222" else 1))
                self.hub.step(Progress(exchange_id, stage, "done", 3.0))
            result = self._answer(exchange_id, inbound)
        except asyncio.CancelledError:
            result = outcome(
                exchange_id, "SABAR", "FACTUAL", "Stopped, as you asked. Nothing was done.", len(self.items)
            )
        self.items[exchange_id] = (inbound, result)
        self.hub.end(exchange_id)

    def _answer(self, exchange_id: str, inbound: Inbound) -> Outcome:
        said = inbound.text.lower()
        index = self.ledger.append(inbound.text)
        for key, reply in self.replies.items():
            if key in said:
                return outcome(exchange_id, "SEAL", "FACTUAL", reply, index, model=MODEL)
        if "17 * 23" in said:
            return outcome(
                exchange_id, "SEAL", "FACTUAL", "17 × 23 = **391**", index, evidence=("computed: 17 * 23 = 391",)
            )
        if "drop the" in said or "wipe" in said:
            hold = self.desk.open(exchange_id, inbound)
            reply = "This waits for a person: dropping a table cannot be undone."
            return outcome(
                exchange_id,
                "888_HOLD",
                "ACTION",
                reply,
                index,
                hold=OutcomeHold(id=hold),
                floors=floors(
                    {"F1": (4.0, "irreversible: drops a table"), "F13": (0.0, "not ratified yet")}, ("F2", "F4")
                ),
                reason="an irreversible action waits for a mandate",
            )
        if "ignore all" in said:
            reply = (
                "I will not do that: the message tries to take over my instructions. Ask a human if this is a mistake."
            )
            return outcome(
                exchange_id,
                "VOID",
                "FACTUAL",
                reply,
                index,
                w3=None,
                stages=(StageView(stage="000", ms=4.0), StageView(stage="999", ms=8.0)),
                floors={
                    k: v for k, v in floors({"F12": (0.97, "asks to drop the rules")}).items() if k in ("F11", "F12")
                },
                reason="F12: the own words try to take over",
            )
        if "remind" in said:
            reply = "I will remind you tomorrow at 09:00 to call Ana."
            return outcome(exchange_id, "SEAL", "ACTION", reply, index, undo="run_1")
        reply = (
            "Ulaanbaatar is the capital of Mongolia. It has been so since 1924, when it took its present name.\n\n"
            "- About **1.7 million** people live there, roughly half the country\n"
            "- It lies at 1,350 m, among the coldest capitals by yearly mean\n"
        )
        return outcome(
            exchange_id,
            "PARTIAL",
            "FACTUAL",
            reply,
            index,
            model=MODEL,
            quiet=("not checked against a source",),
            floors=floors(
                {"F2": (0.41, "no source at hand bears it out"), "F3": (0.921, "earth 0.85: ungrounded")}, ("F4", "F13")
            ),
            w3=WitnessView(human=0.95, ai=0.967, earth=0.85, value=0.921),
            reason="answered from the model alone, without a source",
        )

    def follow(self, exchange_id: str) -> AsyncIterator[Progress]:
        return self.hub.follow(exchange_id)

    async def outcome(self, exchange_id: str, wait_s: float | None = None) -> Outcome | None:
        if wait_s:
            await self.hub.ended(exchange_id, wait_s)
        return self.items[exchange_id][1]

    async def cancel(self, exchange_id: str, by: Actor) -> bool:
        return self.tasks[exchange_id].cancel()

    async def history(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        return [
            HistoryItem(key, inbound.text, result)
            for key, (inbound, result) in self.items.items()
            if inbound.channel == channel and inbound.thread == thread and inbound.actor.person == viewer.person
        ] + await self.notices(channel, thread, viewer)

    async def notices(self, channel: str, thread: str, viewer: Actor) -> list[HistoryItem]:
        return self.unasked if thread.startswith(f"{viewer.person}/") else []

    async def threads(self, channel: str, viewer: Actor) -> list[ThreadItem]:
        found: dict[str, ThreadItem] = {}
        for inbound, _result in self.items.values():
            if inbound.channel == channel and inbound.actor.person == viewer.person:
                found.setdefault(inbound.thread, ThreadItem(inbound.thread, inbound.text[:60], datetime.now(UTC)))
        return list(found.values())[::-1]

    async def may_see(self, exchange_id: str, viewer: Actor) -> bool:
        return exchange_id in self.items and self.items[exchange_id][0].actor.person == viewer.person

    async def undo(self, exchange_id: str, by: Actor) -> str:
        self.undone.append(exchange_id)
        return "Undone: the reminder is removed."


@dataclass
class FakeGate:
    codes: dict[str, Actor] = field(default_factory=dict)
    sessions: dict[str, BrowserSession] = field(default_factory=dict)
    tokens: dict[str, Grant] = field(default_factory=dict)

    async def redeem(self, code: str) -> BrowserSession | None:
        actor = self.codes.pop(code, None)
        if actor is None:
            return None
        session = BrowserSession(secrets.token_urlsafe(16), actor, secrets.token_urlsafe(16))
        self.sessions[session.key] = session
        return session

    async def session(self, key: str) -> BrowserSession | None:
        return self.sessions.get(key)

    async def sign_out(self, key: str) -> None:
        self.sessions.pop(key, None)

    async def token(self, secret: str) -> Grant | None:
        return self.tokens.get(secret)

    async def owner(self) -> Actor | None:
        return replace(ANA, proof=Proof.PLATFORM, channel="console")

    async def new_link_code(self, person: str | None = None) -> str | None:
        code = secrets.token_urlsafe(16)
        self.codes[code] = ANA
        return code


@dataclass
class FakeDesk:
    held: dict[str, HoldView] = field(default_factory=dict)
    alone: bool = False  # the one-person rule

    def open(self, exchange_id: str, inbound: Inbound) -> str:
        hold_id = "hold_" + secrets.token_hex(6)
        content = json.dumps({"action": "database.drop_table", "request": inbound.text}, indent=2, ensure_ascii=False)
        self.add(
            HoldView(
                id=hold_id,
                state="pending",
                action="database.drop_table",
                summary="Drop the table “users” in production",
                content=content,
                content_sha256=hashlib.sha256(content.encode()).hexdigest(),
                effect="irreversible",
                risk="No tool for this exists here: approval hands over the written plan.",
                requester=inbound.actor.name,
                may_decide=("any approver", "any commander"),
                created_at=datetime.now(UTC) - timedelta(minutes=2),
                expires_at=datetime.now(UTC) + timedelta(hours=24),
                on_expiry="nothing is done",
                exchange_id=exchange_id,
                offer="self_ratify" if self.alone else "decide",
            )
        )
        return hold_id

    def add(self, hold: HoldView) -> None:
        self.held[hold.id] = hold

    async def holds(self, viewer: Actor, state: str) -> list[HoldView]:
        return [h for h in self.held.values() if (h.state == "pending") == (state == "pending")]

    async def hold(self, hold_id: str, viewer: Actor) -> HoldView | None:
        return self.held.get(hold_id)

    async def decide(
        self,
        hold_id: str,
        by: Actor,
        *,
        approve: bool,
        reason: str,
        content_sha256: str,
        typed: str | None,
        step_up: str | None,
    ) -> Decided:
        hold = self.held[hold_id]
        if hold.state != "pending":
            return Decided(False, f"Decided already by {hold.events[-1].by}.")
        if content_sha256 != hold.content_sha256:
            return Decided(False, "The content has changed since you read it. Nothing was decided; read it again.")
        if hold.offer == "self_ratify" and approve and typed != hold.action:
            return Decided(False, f"Type {hold.action} exactly to approve your own request. Nothing was decided.")
        word = "approved" if approve else "denied"
        event = HoldEvent(by.name, datetime.now(UTC), word, reason)
        self.held[hold_id] = replace(
            hold, state="approved" if approve else "denied", events=(*hold.events, event), offer="none"
        )
        return Decided(True, word)

    async def acknowledge(self, hold_id: str, by: Actor, content_sha256: str) -> Decided:
        hold = self.held[hold_id]
        event = HoldEvent(by.name, datetime.now(UTC), "has this")
        self.held[hold_id] = replace(hold, state="acknowledged", events=(event,), offer="none")
        return Decided(True, "acknowledged")

    async def edit(
        self,
        hold_id: str,
        by: Actor,
        *,
        changes: Mapping[str, str],
        reason: str,
        content_sha256: str,
        typed: str | None,
        step_up: str | None,
    ) -> Decided:
        hold = self.held[hold_id]
        if not changes:
            return Decided(False, "Nothing is different; approve it as it is.", hold_id)
        content = json.dumps({**{f.name: f.value for f in hold.fields}, **changes}, sort_keys=True)
        child = replace(
            hold,
            id=f"{hold_id}b",
            content=content,
            content_sha256=hashlib.sha256(content.encode()).hexdigest(),
            state="approved",
            replaces=hold_id,
            offer="none",
            fields=(),
            events=(HoldEvent(by.name, datetime.now(UTC), "approved", reason),),
        )
        self.held[hold_id] = replace(hold, state="edited", offer="none", fields=(), replaced_by=child.id)
        self.add(child)
        return Decided(True, "Approved.", child.id)

    async def ask(self, hold_id: str, by: Actor, question: str) -> Decided:
        return self._talk(hold_id, by, "asked", question)

    async def answer(self, hold_id: str, by: Actor, answer: str) -> Decided:
        return self._talk(hold_id, by, "answered", answer)

    def _talk(self, hold_id: str, by: Actor, what: str, text: str) -> Decided:
        hold = self.held[hold_id]
        event = HoldEvent(by.name, datetime.now(UTC), what, "", text)
        self.held[hold_id] = replace(hold, events=(*hold.events, event))
        return Decided(True, "Noted.", hold_id)

    async def settle(self, hold_id: str, by: Actor, *, happened: bool, reason: str) -> Decided:
        self.held[hold_id] = replace(self.held[hold_id], state="done" if happened else "failed", may_settle=False)
        return Decided(True, "Noted.", hold_id)

    async def withdraw(self, hold_id: str, by: Actor, reason: str) -> Decided:
        self.held[hold_id] = replace(self.held[hold_id], state="cancelled", offer="none")
        return Decided(True, "withdrawn")


@dataclass
class FakeLedger:
    rows: list[LedgerRow] = field(default_factory=list)
    broken_at: int | None = None
    pace: float = 0.0

    def append(self, what: str) -> int:
        index = len(self.rows)
        before = self.rows[-1].entry_hash if self.rows else "0" * 64
        digest = hashlib.sha256(f"{before}{what}".encode()).hexdigest()
        kind = "exchange"
        words = {0: "exchange, SEAL", 1: "exchange, PARTIAL", 2: "decision, approved"}[index % 3]
        self.rows.append(LedgerRow(index, datetime.now(UTC) - timedelta(minutes=3), kind, words, digest, before))
        return index

    async def tail(self, n: int, viewer: Actor) -> LedgerTail:
        root = hashlib.sha256(str(len(self.rows)).encode()).hexdigest()
        note = f"trinity.example/ana\n{len(self.rows)}\n{root[:43]}=\n\n— trinity.example/ana {root[:40]}\n"
        return LedgerTail("trinity.example/ana", len(self.rows), root, note, tuple(self.rows[::-1][:n]))

    async def verify(self, progress: Callable[[int, int], None]) -> Verification:
        size = len(self.rows)
        for done in range(0, size + 1, max(1, size // 10)):
            progress(done, size)
            await asyncio.sleep(self.pace)
        if self.broken_at is not None:
            sentence = f"Entry {self.broken_at} does not match its hash. Everything before it is intact."
            return Verification(False, size, sentence, self.broken_at)
        return Verification(
            True, size, f"All {size} entries, the chain, the tree and the checkpoint agree.", None, "r", 12.5
        )

    async def receipt(self, index: int, viewer: Actor) -> bytes | None:
        return json.dumps({"index": index}).encode() if index < len(self.rows) else None


@dataclass
class FakeStatus:
    paused: bool = False
    parts: tuple[Part, ...] = (
        Part("database", True, "SQLite"),
        Part("ledger", True, "SQLite, 41 entries"),
        Part("embeddings", True, "MiniLM, 384 dimensions"),
        Part("scheduler", True, "next reminder tomorrow at 09:00"),
    )

    async def status(self) -> Status:
        return Status(
            version="0.1.0",
            mode="hybrid",
            paused=self.paused,
            models=(
                ModelHealth("claude-haiku-5-5", "online", "ready"),
                ModelHealth("claude-sonnet-5-5", "online", "resting", "two failures, asked again in 40 s"),
                ModelHealth("llama3.2", "local", "down", "nobody answers at 127.0.0.1:11434"),
                ModelHealth("smollm2-135m", "embedded", "ready", "demonstration model"),
            ),
            purse=Purse(Decimal("5"), Decimal("0.37"), datetime.now(UTC) + timedelta(hours=6)),
            parts=self.parts,
            constitution=CONSTITUTION,
            holds_open=1,
            ledger_size=41,
            inbox_age_s=0.4,
        )

    async def pause(self, by: Actor) -> str:
        self.paused = True
        return "Paused."

    async def resume(self, by: Actor) -> str:
        self.paused = False
        return "Running again."


@dataclass
class FakeFeedback:
    thumbs: list[tuple[str, str, bool]] = field(default_factory=list)

    async def thumb(self, exchange_id: str, by: Actor, *, up: bool) -> str:
        self.thumbs.append((exchange_id, by.person, up))
        return "Noted: a good answer." if up else "Noted: not a good answer."


@dataclass
class FakePeople:
    step_up: bool = False
    linkable: tuple[str, ...] = ()
    asked: list[tuple[str, ...]] = field(default_factory=list)

    async def profile(self, by: Actor) -> Profile | None:
        known = (Known("local", "ana", "declared"), Known("email", "ana@example.org", "linked"))
        return Profile(by.person, by.name, by.role.value, known, self.step_up, self.linkable)

    async def enrol(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said:
        self.asked.append(("enrol", person, code or "", str(at_home)))
        return Said(True, "Scan it.", f"otpauth://totp/Trinity:{by.name}?secret={'ABCD' * 8}&issuer=Trinity")

    async def confirm(self, by: Actor, person: str, code: str, *, at_home: bool) -> Said:
        self.step_up = code == "123456"
        return Said(self.step_up, "Set up." if self.step_up else "Those digits do not fit.")

    async def forget(self, by: Actor, person: str, *, code: str | None, at_home: bool) -> Said:
        self.step_up = False
        return Said(True, "Forgotten.")

    async def link(self, by: Actor, identity: str) -> Said:
        self.asked.append(("link", identity))
        return Said(True, "A code is on its way.")

    async def link_confirm(self, by: Actor, identity: str, code: str) -> Said:
        self.asked.append(("link_confirm", identity, code))
        return Said(code == "123456", "Linked." if code == "123456" else "That code is wrong.")

    async def unlink(self, by: Actor, identity: str) -> Said:
        self.asked.append(("unlink", identity))
        return Said(True, "Taken off.")

    async def link_made(self, by: Actor, person: str) -> None:
        self.asked.append(("link_made", person))

    async def set_role(self, by: Actor, person: str, role: str) -> Said:
        self.asked.append(("role", person, role))
        return Said(True, "Changed.")


@dataclass
class FakeHouse:
    """All fakes and the services made of them."""

    gate: FakeGate = field(default_factory=FakeGate)
    desk: FakeDesk = field(default_factory=FakeDesk)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    status: FakeStatus = field(default_factory=FakeStatus)
    people: FakePeople = field(default_factory=FakePeople)
    feedback: FakeFeedback = field(default_factory=FakeFeedback)

    async def usage(self, by: str, since: str | None, until: str | None) -> list[UsageRow]:
        names = {"model": ("claude-sonnet-5-5", "llama3.1"), "person": ("ana", "ben")}.get(by, ("one", "two"))
        cost, home = Decimal("1.25"), Side(40, 12, 10.0, 9.0)
        return [
            UsageRow(names[0], 20, 1, 20, 9_000, 4_000, cost, cost, Decimal(0), 2100.0, outside=Side(19, 3, 3.0, 3.0)),
            UsageRow(names[1], 60, 0, 0, 21_000, 9_000, Decimal(0), Decimal("3.10"), Decimal(0), 640.0, at_home=home),
        ]

    def __post_init__(self) -> None:
        self.talk = FakeTalk(self.desk, self.ledger)

    @property
    def services(self) -> BridgeServices:
        return BridgeServices(
            talk=self.talk,
            gate=self.gate,
            desk=self.desk,
            ledger=self.ledger,
            status=self.status,
            people=self.people,
            usage=self.usage,
            feedback=self.feedback,
            public_host=None,
        )

    def sign_in_code(self, actor: Actor = ANA) -> str:
        code = secrets.token_urlsafe(16)
        self.gate.codes[code] = actor
        return code

    def api_token(self, *scopes: str, actor: Actor = ANA) -> str:
        secret = secrets.token_urlsafe(24)
        self.gate.tokens[secret] = Grant(replace(actor, channel="api"), frozenset(scopes))
        return secret
