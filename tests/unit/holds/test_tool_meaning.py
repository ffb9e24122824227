"""A server's claims about its tools can make them graver, never milder."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.tools.base import ListedTool
from holds.policy import Policy
from holds.tool_meaning import as_declared, meant
from manifest.tools import EFFECTS, Meaning, ToolDeclaration
from organs.bundles import Effect
from tests.house import shipped

HINT = st.none() | st.booleans()
CLASSES = st.sampled_from([None, "reversible", "compensable", "irreversible", "public", "costly", "outside"])
DECLARED = st.builds(
    lambda effect, action_class, own, outside: ToolDeclaration(
        "t", Meaning("Do it.", effect, action_class, ("member",)), own=own, outside=outside
    ),
    st.sampled_from(EFFECTS),
    CLASSES,
    st.booleans(),
    st.booleans(),
)
LISTED = st.builds(lambda r, d, o: ListedTool("t", "", {}, r, d, o), HINT, HINT, HINT)


@given(DECLARED, LISTED, st.booleans())
def test_claims_only_raise(tool: ToolDeclaration, listed: ListedTool, remote: bool) -> None:
    before, after = as_declared(tool, remote=remote), meant(tool, listed, remote=remote)
    assert after.effect.weight >= before.effect.weight
    assert after.outside >= before.outside
    assert after.own <= before.own
    free_before = before.effect is Effect.READ or (before.own and before.effect is Effect.REVERSIBLE)
    free_after = after.effect is Effect.READ or (after.own and after.effect is Effect.REVERSIBLE)
    assert free_after <= free_before


@given(DECLARED, LISTED)
def test_the_class_after_claims_is_at_least_as_strict(tool: ToolDeclaration, listed: ListedTool) -> None:
    policy = Policy(shipped(), None)  # type: ignore[arg-type]  # nobody is looked up
    before, after = as_declared(tool), meant(tool, listed)
    strict = policy.rule(policy.class_of(before.action_class, before.effect), before.effect)
    now = policy.rule(policy.class_of(after.action_class, after.effect), after.effect)
    if before.action_class in ("public", "costly", "outside"):
        assert set(now.who) <= set(strict.who)
        assert now.needed >= strict.needed
        assert now.step_up >= strict.step_up
        assert now.weak <= strict.weak


@given(DECLARED)
def test_a_server_that_claims_nothing_changes_nothing(tool: ToolDeclaration) -> None:
    assert meant(tool, ListedTool("t", "", {})) == as_declared(tool)


def test_what_is_declared_to_read_and_says_otherwise_counts_as_irreversible() -> None:
    tool = ToolDeclaration("t", Meaning("Look.", "read", None, ("member",)))
    assert meant(tool, ListedTool("t", "", {}, read_only=False)).effect is Effect.IRREVERSIBLE
    assert meant(tool, ListedTool("t", "", {}, destructive=True)).effect is Effect.IRREVERSIBLE
    assert meant(tool, ListedTool("t", "", {}, read_only=False, destructive=False)).effect is Effect.REVERSIBLE
    assert meant(tool, ListedTool("t", "", {}, read_only=True, destructive=True)).effect is Effect.READ
