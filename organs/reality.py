"""`reality_search`: looking a question up on the web, and what may become of the pages.

The question is always made by code from the person's own words. Pages are untrusted text: instructions in them are cut
as in any attachment (F12), and they are evidence, never orders. What could not be looked up stays unverified.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from adapters.cues import words
from adapters.models.base import ModelError
from adapters.search import Page, fitted
from organs.airlock.judge import CUT, InjectionJudge, cut
from organs.bundles import Claim, Evidence, Hypothesis, Lane, Piece, Provenance, Session, Support
from organs.claims import sentences
from organs.ports import Search
from organs.sense import Sense
from organs.standalone import stand_alone
from router.searching import NoSearch, SearchCall

log = structlog.get_logger(__name__)

# Work on text that is there already, and sums: nothing outside could answer these better.
_NOT_OUTSIDE: Final = frozenset({"translation", "summary", "review", "draft", "mathematics", "code"})
_ANSWERED_FROM: Final = 0.6  # share of the question's words in one statement of the thread that counts as an answer
_MARKS: Final = re.compile(r"[\[\]<>`*_|\\]+")  # what Markdown would read in a stranger's title
_MAX_LINK: Final = 500


class Freshness(Protocol):
    """Whether a question needs facts newer than a model's training (`router.freshness.FreshnessJudge`)."""

    def needs_fresh(self, text: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What one look at the web gave: pages as evidence, or the plain sentence that says why there are none."""

    evidence: tuple[Evidence, ...] = ()
    prompt: tuple[Piece, ...] = ()  # the pages that a model may be shown
    pages: tuple[Page, ...] = ()  # what is left of each page, for programs
    cut: tuple[str, ...] = ()  # instructions that were taken out of pages, in words for the person
    why_not: str = ""
    off: bool = False  # no search is connected or allowed here at all

    @property
    def notes(self) -> tuple[str, ...]:
        """For the evidence view."""
        return (*self.cut, self.why_not) if self.why_not else self.cut


class Reality:
    """Made once by the roof; holds nothing of an exchange."""

    def __init__(self, search: Search, injection: InjectionJudge, freshness: Freshness) -> None:
        self._search, self._injection, self._freshness = search, injection, freshness

    def needs_fresh(self, request: str, read: Sense) -> bool:
        """Whether the answer may have changed since the models learned it."""
        if read.lane is not Lane.FACTUAL or read.creative or read.written_reply is not None:
            return False
        try:
            return self._freshness.needs_fresh(request)
        except ModelError:  # unread counts as fresh, as the router has it
            return True

    def before(self, session: Session, read: Sense, evidence: Sequence[Evidence], *, fresh: bool, retry: bool) -> bool:
        """222: look first where current facts are asked for, or where an answer without evidence has just failed."""
        if not self._may(session, read) or not (fresh or retry):
            return False
        return not _answered(session.own_text, evidence)

    def after(self, session: Session, read: Sense, first: Hypothesis, claims: Sequence[Claim]) -> bool:
        """333: look when something is claimed that nothing at hand bears out."""
        if not self._may(session, read) or first.computed or first.written:
            return False
        return any(c.support is Support.UNGROUNDED for c in claims)

    async def look_up(self, session: Session, lane: Lane) -> LookedUp:
        """Search for what the session asks. Never raises for the search's own faults: they are `why_not`."""
        if session.cautious:
            return LookedUp(why_not="Nothing was looked up, because parts of the message read like a takeover.")
        if session.unread:
            return LookedUp(why_not="Nothing was looked up: what came along could not be read, so it may be private.")
        call = SearchCall(
            exchange_id=session.exchange_id,
            person=session.actor.person,
            channel=session.channel,
            lane=lane.value,
            query=question(session),
            around=(*(p.text for p in session.pieces), *(t.text for t in session.history)),
            language=session.language,
            agent=session.agent,
            override=session.route,
        )
        try:
            found = await self._search.find(call)
        except NoSearch as error:
            return LookedUp(why_not=error.sentence, off=error.why == "off")
        if not found.pages:
            return LookedUp(why_not="Nothing was found on the web about this.")
        rule = session.constitution["F12"]
        limit = rule.threshold if rule.strict_threshold is None else rule.strict_threshold
        return await self._safe(found.pages, limit)

    async def _safe(self, pages: Sequence[Page], limit: float) -> LookedUp:
        evidence, prompt, kept, named = [], [], [], []
        for page in pages:
            whole = Piece(f"{page.title}\n{page.text}", Provenance.FETCHED, page.site)
            piece, count = await cut(self._injection, whole, limit)
            title = _title(page, told=count == 0)
            if count:
                many = "an instruction" if count == 1 else f"{count} instructions"
                named.append(f"{title}: {many} aimed at the assistant, cut and not followed")
            if not piece.text.replace(CUT, "").strip():
                continue
            link = page.url if len(page.url) <= _MAX_LINK else None
            kept.append(replace(page, title=title, text=piece.text))
            evidence.append(Evidence(piece.text, title, Provenance.FETCHED, link=link))
            # A public page with a telephone number in it would keep the whole question from an online model.
            if not await self._search.private(piece.text):
                prompt.append(Piece(piece.text, Provenance.FETCHED, title))
        return LookedUp(tuple(evidence), tuple(prompt), tuple(kept), tuple(named))

    def _may(self, session: Session, read: Sense) -> bool:
        return (
            read.lane is Lane.FACTUAL
            and not read.creative
            and read.intent not in _NOT_OUTSIDE
            and not session.material  # the question is about what was handed over
            and not session.cautious
        )


def question(session: Session) -> str:
    """What is asked of the web: the own words, made to stand alone by rules; of a long message, its questions."""
    text = stand_alone(session.own_text, session.history).text
    if fitted(text) == " ".join(text.split()):
        return fitted(text)
    asked = [s for s in sentences(text) if s.rstrip().endswith(("?", "？"))]
    return fitted(" ".join(asked) if asked else text)


def sources(evidence: Sequence[Evidence], claims: Sequence[Claim]) -> tuple[str, ...]:
    """The pages that a draft's claims rest on or stand against, as Markdown with their links."""
    used = {t for c in claims for t in (c.evidence, c.against) if t and c.support is not Support.UNGROUNDED}
    shown = [e for e in evidence if e.provenance is Provenance.FETCHED and e.title in used]
    return tuple(dict.fromkeys(_linked(e) for e in shown))


def _linked(evidence: Evidence) -> str:
    if evidence.link is None:
        return evidence.title
    address = evidence.link.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{evidence.title}]({address})"


def _title(page: Page, *, told: bool) -> str:
    """Title, site and date without Markdown's signs; the site and date alone where the page tried to give orders."""
    when = f", {page.published.isoformat()}" if page.published else ""
    site = _MARKS.sub(" ", page.site)
    title = " ".join(_MARKS.sub(" ", page.title).split())[:100] if told else ""
    return f"{title} ({site}{when})" if title else f"{site}{when}"


def _answered(asked: str, evidence: Sequence[Evidence]) -> bool:
    """Whether a statement of the thread or of the material speaks of nearly all that the question names."""
    wanted = {w.stem for w in words(asked) if w.content}
    if not wanted:
        return False
    for item in evidence:
        for sentence in sentences(item.text[:20_000]):
            if sentence.rstrip().endswith("?"):
                continue
            said = {w.stem for w in words(sentence) if w.content}
            if len(wanted & said) >= _ANSWERED_FROM * len(wanted) and said - wanted:
                return True
    return False
