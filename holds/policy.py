"""Who may decide: the declared rule applied to the people there are, with the reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from manifest.holds import HoldPolicy, Rule
from organs.bundles import Effect, Role
from store.people import Crowd, People, Person

_BY_EFFECT = {
    Effect.IRREVERSIBLE: "irreversible",
    Effect.COMPENSABLE: "compensable",
    Effect.REVERSIBLE: "reversible",
}


@dataclass(frozen=True, slots=True)
class WhoMay:
    """The people who could decide, and why it is these."""

    people: tuple[Person, ...]
    why: str
    rule: Rule
    self_ratify: bool = False  # the requester alone, by typing the action's name

    @property
    def nobody(self) -> bool:
        """Whether nobody could ever decide it: the verdict is VOID."""
        return not self.people

    @property
    def words(self) -> str:
        """For the person: who is asked."""
        if self.self_ratify:
            return f"{self.people[0].name}, by typing the action's name (nobody else is named here)"
        names = [person.name for person in self.people]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else "nobody"
        return listed if self.rule.needed == 1 else f"{self.rule.needed} of: {', '.join(names)}"


class Policy:
    """The declared policy and the people it is about."""

    def __init__(self, declared: HoldPolicy, people: People) -> None:
        self.declared, self._people = declared, people

    def class_of(self, action_class: str | None, effect: Effect) -> str:
        """The class to decide by: the tool's own, else the effect's; what is neither is irreversible."""
        return action_class or _BY_EFFECT.get(effect, "irreversible")

    def rule(self, action_class: str, effect: Effect, arguments: Mapping[str, str] | None = None) -> Rule:
        """The rule for an action; what cannot be undone is never decided by the weaker rule of a milder class."""
        first, *more = action_class.split("+")  # a tool's own class and the one its server's claims raise it to
        rule = self.declared.rule(first, arguments or {})
        for one in more:
            rule = rule.tightened(self.declared.rule(one, arguments or {}))
        if effect is Effect.IRREVERSIBLE and rule.weak:
            rule = replace(rule, weak=False)
        return rule

    async def who_may(
        self,
        action_class: str,
        effect: Effect,
        requester: str,
        arguments: Mapping[str, str] | None = None,
    ) -> WhoMay:
        """Everybody who could allow this to this requester, now."""
        return await self.who_may_by(self.rule(action_class, effect, arguments), requester)

    async def who_may_by(self, rule: Rule, requester: str, crowd: Crowd | None = None) -> WhoMay:
        """As `who_may`, by a rule that is already worked out (an open hold's), and by people already read."""
        if not rule.who:
            return WhoMay((), f"no policy lets anybody decide “{rule.action_class}”", rule)
        crowd = crowd or await self._people.crowd()
        asker = crowd.person(requester)
        asker_role = Role(asker.role) if asker is not None and asker.active else Role.GUEST
        if asker_role.level < Role(rule.ask).level:
            return WhoMay((), f"a {asker_role.value} may not ask for this; a {rule.ask} may", rule)
        everybody = [person for person in crowd.everybody if person.active]
        kin = crowd.kin_of(requester)
        others = [person for person in everybody if _stands_in(person, rule.who) and person.id not in kin]
        # Two ids of one human are one voice.
        humans = len({crowd.kin_of(person.id) for person in others})
        if humans >= rule.needed:
            return WhoMay(tuple(others), f"{_who_words(rule.who)} may decide, never the one who asked", rule)
        alone = _alone(everybody, kin)
        if alone is not None and _stands_in(alone, rule.who):
            if rule.action_class == "crisis":
                return WhoMay((), "a crisis is acknowledged by somebody else, and nobody else is named", rule)
            if rule.needed > 1:
                return WhoMay((), f"{rule.needed} people must approve, and only one is named", rule)
            return WhoMay((alone,), "exactly one person is named here", rule, self_ratify=True)
        if not others:
            return WhoMay((), f"{_who_words(rule.who)} may decide, and there is none besides the one who asked", rule)
        return WhoMay((), f"{rule.needed} people must approve, and only {humans} could", rule)


def _alone(everybody: list[Person], kin: frozenset[str]) -> Person | None:
    """The one-person rule: people.toml names exactly the one who asked, and there is no other decider of any origin."""
    if any(Role(p.role).level >= Role.APPROVER.level and p.id not in kin for p in everybody):
        return None
    declared = [p for p in everybody if p.declared]
    return declared[0] if len(declared) == 1 and declared[0].id in kin else None


def _stands_in(person: Person, who: tuple[str, ...]) -> bool:
    return person.role in who or f"person:{person.id}" in who


def _who_words(who: tuple[str, ...]) -> str:
    return " or ".join(f"any {one}" if not one.startswith("person:") else one.removeprefix("person:") for one in who)
