"""F2, F3, F4, F7 and F8 move both ways by content."""

import pytest

from adapters.embeddings import make_embedder
from manifest.constitution import shipped
from organs.bundles import Claim, Evidence, Proof, Provenance, Support
from organs.claims import split_claims
from organs.floors import f02_truth, f03_witness, f04_clarity, f07_humility, f08_genius
from organs.floors.f02_truth import read_claims
from organs.relevance import relevance

RULES = shipped()
EMBEDDER = make_embedder("minilm")
REPORT = Evidence(
    "The Madrid office opened in 2019. It has 42 employees. Ana Ruiz leads it since March 2021. "
    "The office is closed in August.",
    "office-report.pdf",
    Provenance.ATTACHED,
)


async def claims_of(
    draft: str, *evidence: Evidence, request: str = "tell me about the Madrid office"
) -> tuple[Claim, ...]:
    return await read_claims(draft, evidence, request=request, embedder=EMBEDDER)


async def test_a_true_claim_is_verbatim_and_a_false_one_contradicted() -> None:
    (true,) = await claims_of("The Madrid office has 42 employees.", REPORT)
    (false,) = await claims_of("The Madrid office opened in 2015.", REPORT)
    assert true.support in {Support.VERBATIM, Support.GROUNDED}
    assert true.evidence == "office-report.pdf"
    assert false.support is Support.CONTRADICTED
    assert true.score > false.score + 0.3


async def test_sources_that_disagree_are_both_named() -> None:
    other = Evidence("The Madrid office has 57 employees and opened in 2012.", "old-page.html", Provenance.FETCHED)
    found = await claims_of("The Madrid office opened in 2019.", REPORT, other)
    floor = f02_truth.measure(found, RULES["F2"], high_stakes=False, binds=True)
    assert found[0].against == "old-page.html"
    assert floor.passed is False
    assert "old-page.html" in floor.reason
    assert "office-report.pdf" in floor.reason


async def test_negation_is_seen() -> None:
    (held,) = await claims_of("The Madrid office is closed in August.", REPORT)
    (denied,) = await claims_of("The Madrid office is not closed in August.", REPORT)
    assert held.support is Support.VERBATIM
    assert denied.score < held.score - 0.3


async def test_evidence_on_another_subject_is_no_evidence() -> None:
    (claim,) = await claims_of(
        "The capital of Mongolia is Ulaanbaatar.", REPORT, request="what is the capital of Mongolia?"
    )
    assert claim.support is Support.UNGROUNDED
    floor = f02_truth.measure((claim,), RULES["F2"], high_stakes=False, binds=True)
    assert (floor.passed, floor.measured) == (None, False)


async def test_without_evidence_it_is_unverifiable_never_a_pass() -> None:
    found = await claims_of("Ulaanbaatar.", request="what is the capital of Mongolia?")
    assert len(found) == 1
    floor = f02_truth.measure(found, RULES["F2"], high_stakes=False, binds=True)
    assert (floor.score, floor.passed, floor.measured) == (None, None, False)


async def test_a_question_in_the_thread_bears_nothing_out() -> None:
    asked = Evidence("what is the capital of Mongolia?", "earlier in this thread", Provenance.QUOTED)
    (claim,) = await claims_of(
        "The capital of Mongolia is Ulaanbaatar.", asked, request="what is the capital of Mongolia?"
    )
    assert claim.support is Support.UNGROUNDED


async def test_a_statement_in_the_thread_does_bear_out() -> None:
    said = Evidence("Our Madrid office has 42 employees.", "earlier in this thread", Provenance.QUOTED)
    (claim,) = await claims_of("The Madrid office has 42 employees.", said)
    assert claim.support in {Support.VERBATIM, Support.GROUNDED}


async def test_equations_are_computed_not_believed() -> None:
    (right,) = await claims_of("17 × 23 = 391", request="what is 17*23?")
    (wrong,) = await claims_of("17 × 23 = 381", request="what is 17*23?")
    assert right.support is Support.COMPUTED
    assert wrong.support is Support.CONTRADICTED


async def test_a_computed_fact_passes_every_floor() -> None:
    fact = Evidence("17 × 23 = 391", "arithmetic", Provenance.OWN, computed=True)
    claims = await claims_of("17 × 23 = 391", fact, request="what is 17*23?")
    sure = f07_humility.confidence(claims, agreement=None)
    w3 = f03_witness.witness(Proof.PLATFORM, claims, agreement=None, precision=sure)
    assert f02_truth.measure(claims, RULES["F2"], high_stakes=True, binds=True).passed
    assert w3 is not None
    assert f03_witness.measure(w3, RULES["F3"], binds=True).passed
    assert f08_genius.measure(
        RULES["F8"], precision=sure, peace=1.0, relevance=None, within_budget=True, binds=True
    ).passed


@pytest.mark.parametrize(
    "draft",
    [
        "What would you like to know?",
        "I'm happy to help! Let me know if you need anything else.",
        "```python\nprint('The earth is flat.')\n```",
        "Sure!",
        "Use git branch -d name.",
        "Here is the summary:",
    ],
)
def test_nothing_is_claimed(draft: str) -> None:
    assert split_claims(draft) == ()


def test_statements_are_split_and_fragments_get_their_question() -> None:
    assert len(split_claims("Berlin has 3.7 million people. Dr. Meyer lives there; he was born in 1970 in Mainz.")) == 3
    assert split_claims("Ottawa.", request="what is the capital of Canada?") == (
        "what is the capital of Canada: Ottawa.",
    )


def test_high_stakes_need_the_strict_threshold() -> None:
    grounded = (Claim("The price is 40 euros.", Support.GROUNDED, 0.93, "offer"),)
    assert f02_truth.measure(grounded, RULES["F2"], high_stakes=False, binds=True).passed is True
    assert f02_truth.measure(grounded, RULES["F2"], high_stakes=True, binds=True).passed is False


def test_three_witnesses() -> None:
    verbatim = (Claim("a", Support.VERBATIM, 1.0, "s"),)
    loose = (Claim("a", Support.UNGROUNDED, 0.1, "s"),)
    strong = f03_witness.witness(Proof.LINKED, verbatim, agreement=None, precision=0.9)
    weak = f03_witness.witness(Proof.UNPROVED, loose, agreement=0.4, precision=None)
    assert strong is not None
    assert weak is not None
    assert strong.value == 1.0
    assert weak.value < 0.95
    assert f03_witness.witness(Proof.LINKED, loose, agreement=None, precision=None) is None
    assert f03_witness.measure(None, RULES["F3"], binds=True, claimed=True).measured is False
    assert f03_witness.measure(None, RULES["F3"], binds=True, claimed=False).measured is True


def test_clarity_both_ways() -> None:
    assert f04_clarity.measure(-0.3, RULES["F4"], binds=True).passed is True
    assert f04_clarity.measure(0.2, RULES["F4"], binds=True).passed is False
    assert f04_clarity.measure(None, RULES["F4"], binds=True).passed is None


def test_humility_weighs_words_against_confidence() -> None:
    claims = (Claim("a", Support.GROUNDED, 0.6, "s"),)
    rule = RULES["F7"]
    sure = f07_humility.measure("It is certainly Lima.", 0.6, rule, binds=True, claims=claims)
    careful = f07_humility.measure("It might be Lima.", 0.6, rule, binds=True, claims=claims)
    assert (sure.passed, careful.passed) == (False, True)
    assert f07_humility.measure("It is definitely Lima.", 1.0, rule, binds=True, claims=claims).passed is False
    assert f07_humility.measure("It is Lima.", None, rule, binds=True, claims=claims).measured is False
    assert f07_humility.stated("Vielleicht ist es Lima.") < f07_humility.stated("Es ist Lima.")


def test_contradicted_claims_lower_confidence_and_agreement_alone_never_proves() -> None:
    good = (Claim("a", Support.GROUNDED, 0.9, "s"),)
    mixed = (*good, Claim("b", Support.CONTRADICTED, 0.1, "s"))
    low, high = f07_humility.confidence(mixed, agreement=None), f07_humility.confidence(good, agreement=None)
    assert low is not None
    assert high is not None
    assert low < high
    bare = (Claim("a", Support.UNGROUNDED, 0.0),)
    assert f07_humility.confidence(bare, agreement=None) is None
    assert (f07_humility.confidence(bare, agreement=1.0) or 0) < 0.9


async def test_relevance_tells_answers_from_evasions() -> None:
    question = "what is the capital of Mongolia?"
    answer = await relevance(question, "The capital of Mongolia is Ulaanbaatar.", embedder=EMBEDDER)
    other = await relevance(question, "Boil water and wait four minutes.", embedder=EMBEDDER)
    evasive = await relevance(question, "I'm sorry, but I cannot help with that.", embedder=EMBEDDER)
    assert answer is not None
    assert other is not None
    assert evasive is not None
    assert answer > 0.8 > 0.5 > max(other, evasive)


def test_genius_shows_what_it_left_out() -> None:
    rule = RULES["F8"]
    full = f08_genius.measure(rule, precision=0.95, peace=1.4, relevance=0.95, within_budget=True, binds=True)
    late = f08_genius.measure(rule, precision=0.95, peace=1.4, relevance=0.95, within_budget=False, binds=True)
    partial = f08_genius.measure(rule, precision=None, peace=1.0, relevance=0.9, within_budget=True, binds=True)
    assert (full.passed, late.passed, partial.passed) == (True, False, True)
    assert "A not measured" in partial.reason
