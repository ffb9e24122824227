"""444: the first place where the Mind's and the Heart's results are in scope together."""

from __future__ import annotations

from organs.bundles import Effect, HeartBundle, Lane, MindBundle, SoulBundle
from organs.verdict import lane_of


def compute_consensus(mind: MindBundle, heart: HeartBundle) -> SoulBundle:
    """Merge MindBundle and HeartBundle into the SoulBundle with its draft.

    The lane is the stricter reading. The draft is the Mind's leading hypothesis; for an action it is the plain
    sentence of what would happen, taken from the typed proposals.
    """
    lane = lane_of(mind.lane, heart.lane)
    leading = mind.hypotheses[0] if mind.hypotheses else None
    draft = leading.text if leading else None
    if draft is None and mind.proposals:
        draft = "\n".join(p.summary for p in mind.proposals)
    model = leading.model if leading else None
    return SoulBundle(mind=mind, heart=heart, lane=lane, draft=draft, model=model, notes=mind.notes)


def heaviest_effect(soul: SoulBundle) -> Effect:
    """The weightiest effect of the typed proposals, or of the imperative where nothing was typed."""
    if soul.mind.proposals:
        return max((p.effect for p in soul.mind.proposals), key=lambda e: e.weight)
    return soul.heart.effect if soul.lane is Lane.ACTION else Effect.NONE
