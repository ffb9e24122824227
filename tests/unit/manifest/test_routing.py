"""The routing policy file: a wrong setting is named with its place and what is allowed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from manifest.errors import ConfigError
from manifest.prices import load_prices
from manifest.routing import load_routing


def test_every_shipped_model_has_a_price() -> None:
    routing, prices = load_routing(), load_prices()
    named = [routing.light, routing.main, routing.heavy, *(a.online for a in routing.agents.values() if a.online)]
    assert all(prices.of(name) is not None for name in named)


def test_a_home_replaces_single_keys(tmp_path: Path) -> None:
    (tmp_path / "routing.toml").write_text(
        '[limits]\nper_month = "50"\n[channels."slack:C1"]\nmode = "offline"\nagent = "c1"\n', encoding="utf-8"
    )
    routing = load_routing(tmp_path)
    assert routing.per_month == Decimal("50")
    assert routing.notice_at == 0.8
    assert routing.channels["slack:C1"].mode == "offline"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[breaker]\nfailures = 0", "breaker.failures"),
        ("[breaker]\nfail = 3", "breaker.fail"),
        ("[thresholds]\nhard = 2", "thresholds.hard"),
        ('[channels.a]\nmode = "cheap"', "channels.a.mode"),
        ('[agents.c1]\neffort = "huge"', "agents.c1.effort"),
        ("[wrong]\na = 1", "[wrong]"),
        ('[limits]\nper_month = "much"', "limits.per_month"),
        ("breaker = 3", "breaker"),
        ("[timeouts]\nwhole = true", "timeouts.whole"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "routing.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        load_routing(tmp_path)
    assert place in wrong.value.place
    assert wrong.value.allowed
