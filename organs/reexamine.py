"""555 to 888 once more, on content that a human changed before approving it.

No model is asked: the words are the approver's own, so there is nothing to rewrite. What the person who asked wrote,
and how 000 judged it, stays as it was; every measure of the content is taken again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from manifest.constitution import Constitution
from organs import _2_asi, _3_apex, _4_vault
from organs._0_init import Arrival
from organs._3_apex import Judgement, Said
from organs.align import AlignParts, align_666, validate_555
from organs.bundles import Lane, MindBundle, Piece, Proposal, Provenance, Session, Verdict
from organs.consensus import compute_consensus
from organs.forge import forge_777
from organs.outcome import floor_results, floor_views
from organs.prepared import HeldProposal, Prepared
from organs.verdict import Consequence
from organs.wording import Wording


@dataclass(frozen=True, slots=True)
class Reexamined:
    """The exchange as it stands with the new content; `why` is the sentence that refuses it, None where it holds."""

    prepared: Prepared
    why: str | None


class Reexamination:
    """Judges edited content with the Heart, 555, 666, 777 and 888 that judged the first one."""

    def __init__(
        self, heart: _2_asi.HeartParts, align: AlignParts, wording: Wording, constitution: Constitution
    ) -> None:
        self._heart, self._align, self._wording, self._constitution = heart, align, wording, constitution

    async def judge(self, stored: Prepared, arrival: Arrival, content: str, summary: str) -> Reexamined:
        """Measure the new content of a held proposal.

        Raises:
            ValueError: the exchange holds no typed proposal, or the content is no JSON object.
            ModelError, EmbeddingsError: a measure could not be taken; nothing may be approved then.
        """
        if stored.hold is None or not stored.hold.proposals:
            raise ValueError("this exchange holds nothing that could be edited")
        held = stored.hold.proposals[0].proposal()
        proposal = replace(held, arguments=_arguments(content), summary=summary)
        text = "\n".join(value for value in proposal.arguments.values() if value.strip())
        session = Session(
            exchange_id=arrival.exchange_id,
            channel=arrival.channel,
            thread=arrival.thread,
            actor=arrival.actor,
            pieces=(Piece(text, Provenance.OWN),),
            history=(),
            now=arrival.received_at,
            constitution=self._constitution,
            language=stored.language,
            locale=arrival.locale,
        )
        judgement = await self._judge(session, stored, proposal, text)
        outcome = stored.outcome.model_copy(
            update={"floors": floor_views(judgement.floors), "reason": judgement.reason, "quiet": judgement.quiet}
        )
        hold = stored.hold.model_copy(
            update={"summary": summary, "content": content, "proposals": (HeldProposal.of(proposal),)}
        )
        return Reexamined(stored.model_copy(update={"outcome": outcome, "hold": hold}), _refusal(judgement))

    async def _judge(self, session: Session, stored: Prepared, proposal: Proposal, text: str) -> Judgement:
        heart = await _2_asi.feel(session, self._heart)
        soul = compute_consensus(_mind(stored, proposal), heart)
        before = floor_results(stored.outcome.floors)
        entry = {name: result for name, result in before.items() if name in ("F11", "F12")}
        # What would go out are these very words, so they are what 666 and 777 measure.
        soul = replace(soul, draft=text or proposal.summary, floors=entry)
        soul = validate_555(soul, session)
        soul = await align_666(soul, session, self._align, _no_rewrite)
        soul = forge_777(soul, session, within_budget=True)

        def say(verdict: Verdict, reason: str, found: tuple[Consequence, ...]) -> Said:
            return self._wording.say(soul, session, verdict, reason, found)

        judgement = _3_apex.audit(soul, say=say, retried=True)
        _4_vault.examine(judgement, self._constitution, ratified=False)
        return judgement


def _mind(stored: Prepared, proposal: Proposal) -> MindBundle:
    """The Mind's side of an action: one typed proposal and no claim."""
    return MindBundle(
        request=stored.request or stored.message,
        lane=Lane(stored.outcome.lane),
        needs_fresh=False,
        high_stakes=False,
        professional=None,
        hypotheses=(),
        claims=(),
        evidence=(),
        proposals=(proposal,),
        precision=None,
        agreement=None,
        delta_s=None,
        omega_0=None,
        relevance=None,
    )


async def _no_rewrite(_draft: str, _fault: str) -> str | None:
    return None


def _arguments(content: str) -> dict[str, str]:
    raw = json.loads(content)
    if not isinstance(raw, dict):
        raise ValueError("edited content is a JSON object of arguments")
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in raw.items()}


def _refusal(judgement: Judgement) -> str | None:
    """A sentence of a reply could be cut; of exact content nothing is, and no approval stands in for F9 and F10."""
    for floor in ("F9", "F10"):
        if judgement.floors[floor].passed is False:
            return judgement.floors[floor].reason
    if judgement.verdict in (Verdict.VOID, Verdict.SABAR):
        return judgement.reply or judgement.reason
    return None
