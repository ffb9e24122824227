"""What a person reads for each verdict: the draft with its quiet line, a question back, a refusal with its reason.

Sentences stand in `manifest/replies.toml` in several languages; here is only which one fits.
"""

from __future__ import annotations

from typing import Literal

from manifest.replies import Replies
from organs import language as languages
from organs import reality
from organs._3_apex import Said
from organs.bundles import Lane, Role, Session, SoulBundle, Support, Verdict
from organs.crisis import CrisisReading
from organs.ports import Deed, HumanWord
from organs.verdict import Consequence


class Wording:
    """Words for outcomes, in the person's language where it is one of the tested ones."""

    def __init__(self, replies: Replies) -> None:
        self._replies = replies
        self.get = replies.get

    def say(
        self, soul: SoulBundle, session: Session, verdict: Verdict, reason: str, found: tuple[Consequence, ...]
    ) -> Said:
        """The reply of 888, before a hold's record or a deed adds its line."""
        if verdict is Verdict.VOID:
            return Said(self._refusal(soul, session, found))
        if verdict is Verdict.SABAR:
            return Said(self._not_yet(soul, session.language, reason))
        if verdict is Verdict.HOLD:
            return Said(soul.draft or reason)
        quiet = self._weak_points(soul, session, found)
        pages = reality.sources(soul.mind.evidence, soul.mind.claims)
        looked_up = self.get("sources.looked_up", session.language, sources="; ".join(pages)) if pages else ""
        lines = [soul.draft or "", looked_up, "_" + " ".join(quiet) + "_" if quiet else ""]
        return Said("\n\n".join(line for line in lines if line), quiet)

    def _weak_points(self, soul: SoulBundle, session: Session, found: tuple[Consequence, ...]) -> tuple[str, ...]:
        """The quiet line's parts, the weightiest first; each fault is said once."""
        language, mind = session.language, soul.mind
        points = [self.get("quiet.attack", language, what=what) for what in session.attacks]
        if soul.model is not None and soul.model.demonstration and not _computed(soul):
            points.append(self.get("quiet.demonstration", language))
        if mind.professional and mind.claims:
            who = self._replies.professional(mind.professional, language)
            points.append(self.get("quiet.professional", language, who=who))
        for consequence in found:
            if consequence.verdict is not Verdict.PARTIAL:
                continue
            if consequence.floor == "F6" and soul.lane in (Lane.CARE, Lane.CRISIS):
                continue  # a person who is having a hard time is not shown a score (DESIGN, F6)
            points.append(self._point(consequence, soul, language))
        if any(c.floor in ("F2", "F3") and c.verdict is Verdict.PARTIAL for c in found):
            # Said once: what nothing bears out is not sure, either.
            points = [p for p in points if p != self.get("quiet.unsure", language)]
        if mind.not_looked_up and any(c.floor == "F2" and c.verdict is Verdict.PARTIAL for c in found):
            points.append(mind.not_looked_up)
        if language not in languages.TESTED:
            points.append(self.get("quiet.language", language, name=languages.name(language)))
        points += session.unread
        return tuple(dict.fromkeys(points))

    def _point(self, consequence: Consequence, soul: SoulBundle, language: str) -> str:
        claims = soul.mind.claims
        if consequence.floor in ("F2", "F3"):
            if soul.mind.sources_disagree:
                titles = dict.fromkeys(t for c in claims if c.against for t in (c.evidence, c.against) if t)
                return self.get("quiet.disagree", language, sources=", ".join(titles))
            borne = any(c.support not in (Support.UNGROUNDED, Support.CONTRADICTED) for c in claims)
            return self.get("quiet.partly" if borne else "quiet.unverified", language)
        if consequence.floor == "F8":
            relevance = soul.mind.relevance
            return self.get(
                "quiet.off_topic" if relevance is not None and relevance < 0.8 else "quiet.unsure", language
            )
        key = {
            "F4": "quiet.unsure",
            "F7": "quiet.unsure",
            "F9": "quiet.cut",  # the sentence itself is not said again
            "F10": "quiet.cut",
            "F12": "quiet.caution",
        }.get(consequence.floor)
        return self.get(key, language) if key else consequence.reason

    def _not_yet(self, soul: SoulBundle, language: str, reason: str) -> str:
        if soul.mind.failure is not None:
            return soul.mind.failure
        missing = [m for p in soul.mind.proposals for m in p.missing]
        if missing:
            return self.get("sabar.missing", language, missing=", ".join(missing))
        if soul.mind.readings:
            return self.get("sabar.readings", language, readings=" / ".join(soul.mind.readings))
        if any(c.support is Support.CONTRADICTED for c in soul.mind.claims):
            return self.get("sabar.contradicted", language)
        return self.get("sabar.failed", language, reason=reason)

    def _refusal(self, soul: SoulBundle, session: Session, found: tuple[Consequence, ...]) -> str:
        floors = {c.floor for c in found if c.verdict is Verdict.VOID}
        if "F11" in floors:
            role = session.actor.role.value
            return self.get("void.authority", session.language, role=role, needed=Role.MEMBER.value)
        key = "void.nothing_left" if floors <= {"F9", "F10"} else "void.harm"
        return self.get(key, session.language)

    def nobody(self, session: Session, what: str, why: str) -> str:
        """Policy names nobody who could allow this to this person (F1: VOID)."""
        return self.get("void.nobody", session.language, what=what, why=why)

    def gave_up(self, why: str, language: str) -> str:
        """An exchange that ended without an answer: stopped, timed out, or a fault of ours."""
        key = {"stopped": "sabar.stopped", "timeout": "sabar.timeout"}.get(why, "sabar.fault")
        return self.get(key, language)

    def decided(self, word: HumanWord, deed: Deed | None, language: str) -> str:
        """The reply after a human's word."""
        if word.state == "approved":
            who = self.get("hold.self_ratified" if word.self_ratified else "hold.approved", language, by=word.by)
            return "\n\n".join(part for part in (who, deed.sentence if deed is not None else "") if part)
        if word.state == "denied":
            return self.get("hold.denied", language, by=word.by, reason=word.reason or "–")
        return self.get(f"hold.{word.state}", language)

    def crisis(self, reading: CrisisReading, language: str, locale: str | None, *, told: bool) -> str:
        """The written reply with help lines, at once."""
        kind: Literal["self", "violence", "medical"] = "self"
        if reading.kind in ("violence", "medical"):
            kind = reading.kind
        return self._replies.crisis(language, locale, told=told, kind=kind)


def _computed(soul: SoulBundle) -> bool:
    return bool(soul.mind.hypotheses) and soul.mind.hypotheses[0].computed
