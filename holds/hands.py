"""The pipeline's two questions to this folder, in the pipeline's own words: who could decide, and do it."""

from __future__ import annotations

from holds.actions import Actions
from holds.policy import Policy
from holds.running import Runner
from holds.runs import ActionOutcome
from organs.bundles import Actor, Effect, Proposal
from organs.ports import ActionsPaused, Deciders, Deed


class Deciding:
    """`organs.ports.HoldDesk` over the policy."""

    def __init__(self, policy: Policy, actions: Actions) -> None:
        self._policy, self._actions = policy, actions

    async def deciders(self, proposal: Proposal, actor: Actor) -> Deciders:
        """Who could allow this proposal to this person, now."""
        who = await self._policy.who_may(
            class_of(self._policy, self._actions, proposal), proposal.effect, actor.person, proposal.arguments
        )
        return Deciders(who.why if who.nobody else who.words, who.nobody)


class Hands:
    """`organs.ports.Hands` over the registry and the runner of approved holds."""

    def __init__(self, actions: Actions, runner: Runner) -> None:
        self._actions, self._runner = actions, runner

    async def run(
        self,
        proposal: Proposal,
        *,
        actor: Actor,
        key: str,
        channel: str,
        thread: str,
        hold_id: str | None = None,
    ) -> Deed:
        """Run an approved hold once, or something that needs no human's word once per key."""
        if hold_id is not None:
            outcome = await self._runner.run(hold_id)
            if outcome.state == "paused":
                raise ActionsPaused(outcome.text)
            return _deed(outcome)
        if proposal.held:
            return Deed("failed", "Not done: this needs a human's word for exactly this content.")
        exchange_id = key.partition(":")[0]
        return _deed(
            await self._actions.run(
                proposal.action,
                proposal.arguments,
                key=key,
                exchange_id=exchange_id,
                person=actor.person,
                channel=channel,
                thread=thread,
            )
        )


def class_of(policy: Policy, actions: Actions, proposal: Proposal) -> str:
    """The class by which a proposal is decided: the tool's own, else its effect's; without a tool, "unknown"."""
    action = actions.get(proposal.action)
    if action is None:
        return "unknown"
    if proposal.held == "outside" and proposal.effect.weight <= Effect.REVERSIBLE.weight:
        return "outside"  # milder than any class of its own would be: what matters is that something leaves
    return policy.class_of(action.action_class, proposal.effect)


def _deed(outcome: ActionOutcome) -> Deed:
    undo = outcome.key if outcome.undoable else None
    if outcome.state == "executed":
        return Deed("done", outcome.text, undo)
    if outcome.state == "no_tool":
        return Deed("no_tool", outcome.text)
    if outcome.state == "unknown" or outcome.state == "running":
        return Deed("unknown", outcome.text)
    return Deed("failed", outcome.text)
