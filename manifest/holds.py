"""Reads holds.toml: who may decide what, per class of action, and how a condition makes that stricter."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from manifest.conditions import Condition, ConditionError, parse_condition
from manifest.errors import ConfigError
from manifest.people import ROLES

FILE = "holds.toml"
_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN_WORDS = '"30m", "24h" or "7d"'


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom to ask as well when nobody has decided after a while."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one action is decided, with every condition worked out."""

    action_class: str
    who: tuple[str, ...]  # roles and "person:ID"; empty is nobody
    ask: str = "member"
    needed: int = 1
    expires: timedelta | None = timedelta(hours=24)  # None: never (crisis only)
    remind: tuple[timedelta, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    step_up: bool = False
    weak: bool = False
    edit: tuple[str, ...] = ()
    critical: bool = False
    risk: str = ""

    def tightened(self, other: Rule) -> Rule:
        """The stricter of both in every respect; used where a policy changed while a hold was open."""
        spans = [span for span in (self.expires, other.expires) if span is not None]
        return replace(
            self,
            who=tuple(one for one in self.who if one in other.who),
            ask=max(self.ask, other.ask, key=_level),
            needed=max(self.needed, other.needed),
            expires=min(spans) if spans else None,
            step_up=self.step_up or other.step_up,
            weak=self.weak and other.weak,
            edit=_narrower(self.edit, other.edit),
        )

    def to_json(self) -> str:
        """As a hold keeps it."""
        return json.dumps(
            {
                "action_class": self.action_class,
                "who": self.who,
                "ask": self.ask,
                "needed": self.needed,
                "expires": None if self.expires is None else self.expires.total_seconds(),
                "remind": [span.total_seconds() for span in self.remind],
                "escalate": [[e.after.total_seconds(), e.to] for e in self.escalate],
                "step_up": self.step_up,
                "weak": self.weak,
                "edit": self.edit,
                "critical": self.critical,
                "risk": self.risk,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Rule:
        """What `to_json` wrote."""
        raw = json.loads(text)
        return cls(
            action_class=raw["action_class"],
            who=tuple(raw["who"]),
            ask=raw["ask"],
            needed=raw["needed"],
            expires=None if raw["expires"] is None else timedelta(seconds=raw["expires"]),
            remind=tuple(timedelta(seconds=s) for s in raw["remind"]),
            escalate=tuple(Escalation(timedelta(seconds=s), tuple(to)) for s, to in raw["escalate"]),
            step_up=raw["step_up"],
            weak=raw["weak"],
            edit=tuple(raw["edit"]),
            critical=raw["critical"],
            risk=raw["risk"],
        )


@dataclass(frozen=True, slots=True)
class Tightening:
    """What a `[[CLASS.rule]]` asks for when its condition holds."""

    when: Condition
    who: tuple[str, ...] | None
    needed: int | None
    expires: timedelta | None
    step_up: bool | None
    weak: bool | None
    edit: tuple[str, ...] | None

    def applied(self, rule: Rule) -> Rule:
        """The rule, made stricter by this."""
        return rule.tightened(
            replace(
                rule,
                who=rule.who if self.who is None else self.who,
                needed=rule.needed if self.needed is None else self.needed,
                expires=rule.expires if self.expires is None else self.expires,
                step_up=rule.step_up if self.step_up is None else self.step_up,
                weak=rule.weak if self.weak is None else self.weak,
                edit=rule.edit if self.edit is None else self.edit,
            )
        )


@dataclass(frozen=True, slots=True)
class HoldPolicy:
    """Every class as declared."""

    classes: Mapping[str, tuple[Rule, tuple[Tightening, ...]]]

    def rule(self, action_class: str, arguments: Mapping[str, str]) -> Rule:
        """The rule for an action with these arguments; a class nobody declared is decided by nobody."""
        declared = self.classes.get(action_class)
        if declared is None:
            return Rule(action_class, who=(), risk="No policy names this class of action.")
        rule, tightenings = declared
        for one in tightenings:
            if one.when.met(arguments):
                rule = one.applied(rule)
        return rule


def _level(role: str) -> int:
    return [str(one) for one in ROLES].index(role)


def _narrower(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in a:
        return b
    return a if "*" in b else tuple(one for one in a if one in b)


def _span(value: object, place: str) -> timedelta:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match[1]) == 0:
        raise ConfigError(place, repr(value), _SPAN_WORDS)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _texts(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigError(place, repr(value), "a list of texts")
    return tuple(value)


def _deciders(value: object, place: str) -> tuple[str, ...]:
    found = _texts(value, place)
    for one in found:
        if one not in ROLES[1:] and not (one.startswith("person:") and len(one) > len("person:")):
            raise ConfigError(place, f"{one!r} can decide nothing", 'member, approver, commander, or "person:ID"')
    return found


def _flag(value: object, place: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(place, repr(value), "true or false")
    return value


def _count(value: object, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 20:
        raise ConfigError(place, repr(value), "a number from 1 to 20")
    return value


_COMMON = ("who", "needed", "expires", "step_up", "weak", "edit")
_CLASS = (*_COMMON, "ask", "remind", "escalate", "critical", "risk", "rule")


def _known(table: Mapping[str, Any], allowed: tuple[str, ...], place: str) -> None:
    for name in table:
        if name not in allowed:
            raise ConfigError(f"{place}: {name}", "no such setting", ", ".join(allowed))


def _rule(name: str, table: Mapping[str, Any], place: str) -> Rule:
    _known(table, _CLASS, place)
    if "who" not in table:
        raise ConfigError(f"{place}: who", "is missing", "a list of roles and people; [] for nobody")
    ask, risk, expires = table.get("ask", "member"), table.get("risk"), table.get("expires", "24h")
    if ask not in ROLES:
        raise ConfigError(f"{place}: ask", repr(ask), ", ".join(ROLES))
    if not isinstance(risk, str) or not risk:
        raise ConfigError(f"{place}: risk", "is missing", "one sentence that says what could go wrong")
    if expires == "never" and name != "crisis":
        raise ConfigError(f"{place}: expires", "only [crisis] never expires", _SPAN_WORDS)
    escalate = table.get("escalate", [])
    if not isinstance(escalate, list) or not all(isinstance(e, dict) and set(e) == {"after", "to"} for e in escalate):
        raise ConfigError(f"{place}: escalate", repr(escalate), '[{ after = "8h", to = ["commander"] }]')
    rule = Rule(
        action_class=name,
        who=_deciders(table["who"], f"{place}: who"),
        ask=ask,
        needed=_count(table.get("needed", 1), f"{place}: needed"),
        expires=None if expires == "never" else _span(expires, f"{place}: expires"),
        remind=tuple(
            sorted(_span(one, f"{place}: remind") for one in _texts(table.get("remind", []), f"{place}: remind"))
        ),
        escalate=tuple(
            Escalation(_span(e["after"], f"{place}: escalate"), _deciders(e["to"], f"{place}: escalate"))
            for e in escalate
        ),
        step_up=_flag(table.get("step_up", False), f"{place}: step_up"),
        weak=_flag(table.get("weak", False), f"{place}: weak"),
        edit=_texts(table.get("edit", []), f"{place}: edit"),
        critical=_flag(table.get("critical", False), f"{place}: critical"),
        risk=risk,
    )
    if rule.weak and (rule.step_up or name == "irreversible"):
        raise ConfigError(f"{place}: weak", "a weak channel never decides this", "false with step_up or [irreversible]")
    for escalation in rule.escalate:
        for one in escalation.to:
            if one not in rule.who:
                raise ConfigError(f"{place}: escalate", f"{one!r} may not decide it", "those who stand in who")
    return rule


def _tightening(rule: Rule, table: Mapping[str, Any], place: str) -> Tightening:
    _known(table, (*_COMMON, "when"), place)
    try:
        when = parse_condition(table.get("when", ""))
    except ConditionError as error:
        raise ConfigError(f"{place}: when", str(error), "such as amount > 100 and currency == 'EUR'") from error
    found = Tightening(
        when=when,
        who=_deciders(table["who"], f"{place}: who") if "who" in table else None,
        needed=_count(table["needed"], f"{place}: needed") if "needed" in table else None,
        expires=_span(table["expires"], f"{place}: expires") if "expires" in table else None,
        step_up=_flag(table["step_up"], f"{place}: step_up") if "step_up" in table else None,
        weak=_flag(table["weak"], f"{place}: weak") if "weak" in table else None,
        edit=_texts(table["edit"], f"{place}: edit") if "edit" in table else None,
    )
    asked = {
        "who": found.who is None or set(found.who) <= set(rule.who),
        "needed": found.needed is None or found.needed >= rule.needed,
        "expires": found.expires is None or (rule.expires is not None and found.expires <= rule.expires),
        "step_up": found.step_up is not False or not rule.step_up,
        "weak": found.weak is not True or rule.weak,
        "edit": found.edit is None or "*" in rule.edit or set(found.edit) <= set(rule.edit),
    }
    for name, tighter in asked.items():
        if not tighter:
            raise ConfigError(f"{place}: {name}", "would loosen the class", "something stricter than the class")
    return found


def parse_policy(text: str, place: str = FILE) -> HoldPolicy:
    """Read the file's text.

    Raises:
        ConfigError: naming the entry, what is wrong with it and what is allowed.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(place, f"not readable as TOML: {error}", "one table per class of action") from error
    classes: dict[str, tuple[Rule, tuple[Tightening, ...]]] = {}
    for name, table in raw.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{place}: {name}", "is not a table", "[CLASS] tables")
        rules = table.get("rule", [])
        if not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules):
            raise ConfigError(f"{place}: {name}.rule", "is not a list of tables", f"[[{name}.rule]]")
        rule = _rule(name, table, f"{place}: [{name}]")
        classes[name] = (
            rule,
            tuple(_tightening(rule, one, f"{place}: [[{name}.rule]] {n}") for n, one in enumerate(rules, 1)),
        )
    return HoldPolicy(MappingProxyType(classes))


def load_policy(home: Path) -> HoldPolicy:
    """The home's holds.toml, else the one that ships; a home's file replaces it whole.

    Raises:
        ConfigError: it cannot be read, or is wrong.
    """
    path = home / FILE
    if not path.exists():
        return parse_policy(files("manifest").joinpath(FILE).read_text(encoding="utf-8"), f"the shipped {FILE}")
    try:
        return parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read ({type(error).__name__})", "a readable TOML file") from error
