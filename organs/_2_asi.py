"""Organ 2, the Heart: who is affected, how they are, and what the request would mean for the world.

It reads the Session alone, side by side with the Mind and without sight of it; the Heart's measures of the
draft itself (555, 666) come after the merge at 444 and live in `align.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from organs.bundles import HeartBundle, Lane, Session
from organs.floors.f01_amanah import classify_imperative
from organs.floors.f05_peace import HarmJudge, peace, stakeholders
from organs.floors.f06_empathy import DistressJudge

_CARE_FROM = 0.5  # calibrated probability of distress from which the exchange is one of care


@dataclass(frozen=True, slots=True)
class HeartParts:
    """What the Heart works with."""

    harm: HarmJudge
    distress: DistressJudge

    async def warm(self) -> None:
        """Load both models now."""
        await self.harm.warm()
        await self.distress.warm()


async def feel(session: Session, parts: HeartParts) -> HeartBundle:
    """Distress, harm, effect of the person's own imperative, stakeholders and peace, from the session alone."""
    text = session.own_text
    effect = classify_imperative(text)
    distress = await parts.distress.score(text)
    harm = await parts.harm.score(text)
    lane: Lane | None = None
    if effect.effect.weight >= 2:
        lane = Lane.ACTION
    elif distress >= _CARE_FROM:
        lane = Lane.CARE
    affected = stakeholders(text)
    return HeartBundle(
        lane=lane,
        distress=distress,
        harm=harm,
        harm_is_clear=parts.harm.clear(harm),
        stakeholders=affected,
        effect=effect.effect,
        effect_reason=effect.reason,
        peace=peace(harm, effect.effect, affected),
    )
