"""The immutable results that organs hand to one another, and the words they are made of.

Nothing here computes: a bundle is built once by its organ and never changed. A later stage that adds to a
bundle returns a new one (`dataclasses.replace`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from manifest.constitution import Constitution, Direction


class Provenance(StrEnum):
    """Where a piece of text came from; decides what a detection in it may do (F12)."""

    OWN = "own"
    QUOTED = "quoted"
    ATTACHED = "attached"
    FETCHED = "fetched"
    TOOL = "tool"
    MEMORY = "memory"

    @property
    def trusted(self) -> bool:
        """Only the person's own words can ask for anything."""
        return self is Provenance.OWN


class Lane(StrEnum):
    """What kind of exchange this is; decides which floors bind."""

    SOCIAL = "SOCIAL"
    FACTUAL = "FACTUAL"
    CARE = "CARE"
    ACTION = "ACTION"
    CRISIS = "CRISIS"

    @property
    def strictness(self) -> int:
        """CRISIS > ACTION > CARE > FACTUAL > SOCIAL; the stricter of two readings is the lane shown."""
        return ("SOCIAL", "FACTUAL", "CARE", "ACTION", "CRISIS").index(self.value)


class Verdict(StrEnum):
    """What the Soul decides at 888."""

    SEAL = "SEAL"
    PARTIAL = "PARTIAL"
    SABAR = "SABAR"
    HOLD = "888_HOLD"
    VOID = "VOID"

    @property
    def weight(self) -> int:
        """VOID > 888_HOLD > SABAR > PARTIAL > SEAL: the heaviest of several wins."""
        return ("SEAL", "PARTIAL", "SABAR", "888_HOLD", "VOID").index(self.value)


class Role(StrEnum):
    """What a person may do here, weakest first."""

    GUEST = "guest"
    MEMBER = "member"
    APPROVER = "approver"
    COMMANDER = "commander"

    @property
    def level(self) -> int:
        return ("guest", "member", "approver", "commander").index(self.value)


class Proof(StrEnum):
    """How well the platform vouches for who is speaking (F11, and the human witness of W3)."""

    UNPROVED = "unproved"
    PLATFORM = "platform"
    LINKED = "linked"

    @property
    def witness(self) -> float:
        """H of W3: ratified or linked person 1.0, proved by the platform 0.95, unproved 0.80 (DESIGN, F3)."""
        return {Proof.UNPROVED: 0.80, Proof.PLATFORM: 0.95, Proof.LINKED: 1.0}[self]


class Effect(StrEnum):
    """What doing a thing would mean for the world (F1), mildest first."""

    NONE = "none"
    READ = "read"
    REVERSIBLE = "reversible"
    COMPENSABLE = "compensable"
    IRREVERSIBLE = "irreversible"

    @property
    def weight(self) -> int:
        return ("none", "read", "reversible", "compensable", "irreversible").index(self.value)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and where it came from."""

    text: str
    provenance: Provenance
    source: str | None = None  # file name, address, tool: named to the person when something is cut


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is speaking, as the platform proved it; never taken from the text."""

    person: str  # stable id of the person in `store.people`
    name: str
    role: Role
    proof: Proof
    channel: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier utterance of the same thread."""

    role: Literal["user", "assistant"]
    text: str
    person: str | None = None
    request: str | None = None  # the stand-alone form of a user's turn, where one was made


@dataclass(frozen=True, slots=True)
class FloorResult:
    """One floor's measurement.

    `passed` is None when the floor does not bind here or could not be measured; `reason` says which and
    `measured` tells the two apart (a binding floor that could not be measured is PARTIAL, a hard one SABAR).
    """

    floor: str
    score: float | None
    threshold: float
    direction: Direction
    passed: bool | None
    reason: str
    measured: bool = True


@dataclass(frozen=True, slots=True)
class Session:
    """Everything 111 and 444 may look at. Mind and Heart receive this same object and nothing of each other."""

    exchange_id: str
    channel: str
    thread: str
    actor: Actor
    pieces: tuple[Piece, ...]
    history: tuple[Turn, ...]
    now: datetime  # aware, in the person's own time zone
    constitution: Constitution
    agent: str | None = None
    language: str = "en"
    locale: str | None = None
    airlock: tuple[FloorResult, ...] = ()  # F11 and F12 as INIT measured them
    cautious: bool = False  # F12 read 0.50-0.85 in the own words: no tools, no knowledge, PARTIAL
    attacks: tuple[str, ...] = ()  # what F12 cut from untrusted pieces, in words for the person
    notes: tuple[str, ...] = ()  # what the airlock did to the text (decoded, cut), for the evidence view
    unread: tuple[str, ...] = ()  # what came along and could not be read, in words for the person
    route: str | None = None  # a mode or a model that the message asked for

    @property
    def own_text(self) -> str:
        """The person's own words, joined."""
        return "\n".join(p.text for p in self.pieces if p.provenance is Provenance.OWN).strip()

    @property
    def material(self) -> tuple[Piece, ...]:
        """The pieces that are data, not requests."""
        return tuple(p for p in self.pieces if p.provenance is not Provenance.OWN)


@dataclass(frozen=True, slots=True)
class ModelUse:
    """Which model spoke, where it ran, why it was chosen and what it cost."""

    name: str
    where: Literal["online", "local", "embedded"]
    why: str
    cost_usd: Decimal
    tokens_in: int
    tokens_out: int
    ms: float = 0.0
    demonstration: bool = False  # the embedded model: decides nothing, never more than PARTIAL
    stands_in_for: str | None = None  # the online model that was out of reach


class Support(StrEnum):
    """How far one claim is borne out (F2, and the earth witness of F3)."""

    COMPUTED = "computed"
    VERBATIM = "verbatim"
    GROUNDED = "grounded"
    UNGROUNDED = "ungrounded"
    CONTRADICTED = "contradicted"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something outside the model that a claim can rest on."""

    text: str
    title: str
    provenance: Provenance
    computed: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement of a draft, and how it is borne out."""

    text: str
    support: Support
    score: float  # calibrated probability that the evidence bears it out; 1.0 where computed
    evidence: str | None = None  # title of what it rests on
    against: str | None = None  # title of what stands against it


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One candidate answer, from a model, a computation or a written reply."""

    text: str
    model: ModelUse | None
    computed: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A typed action that the person's own words ask for; run or held, never run by an organ."""

    action: str  # name in the registry of `holds/actions.py`, or "unknown"
    summary: str  # plain words: what will happen
    arguments: Mapping[str, str]
    effect: Effect
    own: bool = False  # touches only what belongs to the asker (own reminder, own preference)
    missing: tuple[str, ...] = ()
    plan: str = ""  # the written plan that approval delivers where no tool exists
    # Why a human is asked although the effect alone would not need it: "outside", arguments that a model wrote after
    # untrusted text came in would leave this place; "unasked", the person's own words ask for no change.
    held: Literal["", "outside", "unasked"] = ""


@dataclass(frozen=True, slots=True)
class MindBundle:
    """What the Mind hands on at 333: what was asked, what could be said, and how sure."""

    request: str  # stands alone
    lane: Lane
    needs_fresh: bool
    high_stakes: bool
    professional: str | None  # "a doctor", "a lawyer", "a financial adviser" where the matter is theirs
    hypotheses: tuple[Hypothesis, ...]
    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    proposals: tuple[Proposal, ...]
    precision: float | None  # agreement and evidence behind the leading hypothesis, calibrated
    agreement: float | None  # share of hypotheses in the leading cluster; None with one
    delta_s: float | None  # entropy after grounding minus before, in nats; None with one hypothesis
    omega_0: float | None  # uncertainty band: 1 - calibrated confidence
    relevance: float | None  # X of G: the draft addresses the request
    readings: tuple[str, ...] = ()  # rival readings of the request, when that is why the clusters differ
    failure: str | None = None  # a plain sentence when no draft could be had
    failure_class: str | None = None
    sources_disagree: bool = False
    creative: bool = False  # fiction, opinion, joke: nothing is claimed
    notes: tuple[str, ...] = ()
    looked_up: bool = False  # the web was asked, with or without success
    not_looked_up: str = ""  # why that gave nothing, in words for the person


@dataclass(frozen=True, slots=True)
class HeartBundle:
    """What the Heart hands on, read from the session alone."""

    lane: Lane | None  # the Heart's reading; None when it sees nothing that binds more
    distress: float  # probability that the writer is in distress
    harm: float  # probability that the request asks for something harmful
    harm_is_clear: bool  # beyond the point where F5 voids
    stakeholders: tuple[str, ...]
    effect: Effect  # of the person's own imperative
    effect_reason: str
    peace: float | None  # buffers over risk
    failure_class: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """W3 = (H * A * E) ** (1/3), its parts shown."""

    human: float
    ai: float
    earth: float

    @property
    def value(self) -> float:
        return float((self.human * self.ai * self.earth) ** (1 / 3))


@dataclass(frozen=True, slots=True)
class SoulBundle:
    """The merge of 444 and what 555, 666 and 777 add to it."""

    mind: MindBundle
    heart: HeartBundle
    lane: Lane
    draft: str | None
    model: ModelUse | None
    floors: Mapping[str, FloorResult] = field(default_factory=dict)
    w3: Witness | None = None
    quiet: tuple[str, ...] = ()  # weak points, each half a sentence, for the quiet line
    notes: tuple[str, ...] = ()  # what a stage changed or cut, for the evidence view


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long one stage took, and how much of that was spent waiting for a model."""

    stage: str
    ms: float
    model_ms: float = 0.0
