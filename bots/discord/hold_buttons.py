"""The buttons and forms of a hold. A button carries the hold's id, the choice and the content's hash, nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import discord

from bots.bridge.hold_words import HoldView
from bots.discord.buttons import AnyItem, view_of
from holds.view import HoldButton, Press

if TYPE_CHECKING:
    from bots.discord.client import TrinityClient

FORM = "m1:"  # begins the id of a form; what follows is the button that opened it
_LABEL = 80  # characters Discord shows on a button
_WORDS: dict[Press, str] = {
    "approve": "Approve",
    "deny": "Deny",
    "acknowledge": "I look after this",
    "withdraw": "Withdraw",
    "edit": "Edit and approve",
    "ask": "Ask first",
}
_STYLE: dict[Press, discord.ButtonStyle] = {
    "approve": discord.ButtonStyle.success,
    "acknowledge": discord.ButtonStyle.success,
    "deny": discord.ButtonStyle.danger,
}
_FIELDS = 4  # inputs besides the code; a form has five
_INPUT = 4000  # characters of a text input


class HoldPress(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"h1:[A-Za-z0-9_-]{1,60}:[adkweq]:[A-Za-z0-9_-]{43}"
):
    """One choice about one hold."""

    def __init__(self, button: HoldButton, subject: str = "") -> None:
        words = _WORDS[button.press]
        label = f"{words}: {subject}" if subject else words
        super().__init__(
            discord.ui.Button(
                label=label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…",
                style=_STYLE.get(button.press, discord.ButtonStyle.secondary),
                custom_id=button.pack(),
            )
        )
        self.button = button

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: AnyItem, match: re.Match[str], /
    ) -> Self:
        button = HoldButton.unpack(match[0])
        if button is None:
            raise ValueError("not a hold's button")
        return cls(button)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        client: TrinityClient = interaction.client
        await client.deciding.pressed(interaction, self.button)


def view_for(hold: HoldView) -> discord.ui.View | None:
    """The buttons that one person is offered; None where there are none."""
    presses: list[Press] = []
    if hold.offer == "acknowledge":
        presses.append("acknowledge")
    elif hold.offer != "none":
        presses += ["approve", "deny"]
        if hold.fields:
            presses.append("edit")
        if hold.may_ask:
            presses.append("ask")
    if hold.may_withdraw:
        presses.append("withdraw")
    subject = "" if hold.crisis else hold.action
    named = ("approve", "deny", "withdraw")
    buttons = [HoldButton(hold.id, press, hold.content_sha256) for press in presses]
    return view_of(*(HoldPress(b, subject if b.press in named else "") for b in buttons)) if buttons else None


def form(hold: HoldView, button: HoldButton) -> discord.ui.Modal | None:
    """What must be written before a choice counts; None where a click is enough. Raises ValueError where the content
    does not fit into Discord's form."""
    inputs: list[tuple[str, discord.ui.TextInput[Any]]] = []
    if button.press == "deny":
        inputs.append(("Why not?", _input("reason", 2000, long=True)))
    elif button.press == "ask":
        inputs.append(("What do you want to know?", _input("question", 2000, long=True)))
    elif button.press == "edit":
        if len(hold.fields) > _FIELDS - 1 or any(len(field.value) > _INPUT for field in hold.fields):
            raise ValueError("too much for a form")
        inputs += [(f.name[:45], _input(f"field:{f.name}"[:100], _INPUT, long=True, text=f.value)) for f in hold.fields]
    if button.press in ("approve", "edit"):
        if hold.step_up:
            inputs.append(("Code of your authenticator app", _input("code", 20)))
        if hold.offer == "self_ratify":
            inputs.append((f"Type {hold.action} to allow it"[:45], _input("typed", 200)))
    if not inputs:
        return None
    modal = discord.ui.Modal(title=_WORDS[button.press], custom_id=FORM + button.pack(), timeout=900)
    for label, field in inputs:
        modal.add_item(discord.ui.Label(text=label, component=field))
    return modal


def _input(name: str, longest: int, *, long: bool = False, text: str | None = None) -> discord.ui.TextInput[Any]:
    style = discord.TextStyle.paragraph if long else discord.TextStyle.short
    return discord.ui.TextInput(custom_id=name, style=style, required=True, max_length=longest, default=text)


def filled(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """What was written into a form, by the inputs' names."""
    found: dict[str, str] = {}
    data: Any = interaction.data or {}
    waiting: list[Any] = list(data.get("components", []))
    while waiting:
        one = waiting.pop()
        waiting += [*one.get("components", []), *([one["component"]] if "component" in one else [])]
        if "custom_id" in one and "value" in one:
            found[str(one["custom_id"])] = str(one["value"])
    return found
