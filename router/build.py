"""Builds the router from the settings: which models there are, what they may cost, how a question is read."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from adapters.models.base import Timeouts
from adapters.models.embedded import EmbeddedModel, installed_weights, shipped_weights
from manifest.prices import PriceTable, load_prices
from manifest.routing import Routing, load_routing
from router.accounts import Purse, limits_of
from router.breaker import Breaker
from router.budget import DatabaseSpendBook
from router.call import Router
from router.caller import OnNotice
from router.fleet import Claude, Fleet, LocalServer, Member
from router.freshness import FreshnessJudge
from router.learning import Learner
from router.prior import TrainedPrior
from router.redaction import Redactor
from router.sensitivity import SensitivityJudge
from router.task import Freshness, Prior, Sensitivity, TaskReader
from router.words import Mode
from store.engine import Database

WEIGHTS_FOLDER = "models"  # below the home


class RouterSettings(Protocol):
    """What the router needs of the settings."""

    @property
    def home(self) -> Path: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def anthropic_api_key(self) -> SecretStr | None: ...
    @property
    def anthropic_base_url(self) -> str | None: ...
    @property
    def local_llm_url(self) -> str | None: ...
    @property
    def local_llm_model(self) -> str | None: ...
    @property
    def local_llm_trusted(self) -> bool: ...
    @property
    def embedded(self) -> bool: ...
    @property
    def cost_limit_per_day(self) -> Decimal | None: ...
    @property
    def redact_online(self) -> bool: ...
    @property
    def timezone(self) -> str | None: ...


async def build_router(
    settings: RouterSettings,
    database: Database,
    sensitivity: Sensitivity,
    *,
    freshness: Freshness | None = None,
    prior: Prior | None = None,
    redactor: Redactor | None = None,
    on_notice: OnNotice | None = None,
) -> Router:
    """A router with nothing started yet; `Router.warm` does that. Raises ConfigError for a wrong declaration.

    What is not handed in is the shipped one; `redactor` is used only where the settings allow redacted text to go
    online.
    """
    routing = load_routing(settings.home)
    prices = load_prices(settings.home)
    if prior is None:
        prior = TrainedPrior.load()
    if freshness is None:
        freshness = FreshnessJudge()
    if redactor is None and isinstance(sensitivity, SensitivityJudge):
        redactor = sensitivity
    purse = Purse(
        DatabaseSpendBook(database, _zone(settings.timezone)),
        limits_of(settings.cost_limit_per_day, routing),
        routing.notice_at,
    )
    await purse.refresh()
    learner = Learner(database)
    await learner.load()
    return Router(
        mode=settings.mode,
        routing=routing,
        prices=prices,
        fleet=build_fleet(settings, routing, prices),
        reader=TaskReader(sensitivity, freshness, prior),
        purse=purse,
        redactor=redactor if settings.redact_online else None,
        learner=learner,
        on_notice=on_notice,
    )


def build_fleet(settings: RouterSettings, routing: Routing, prices: PriceTable) -> Fleet:
    """The configured models, each server with its breaker."""

    def breaker() -> Breaker:
        return Breaker(routing.failures, routing.window)

    claude = None
    if settings.anthropic_api_key is not None:
        claude = Claude(
            settings.anthropic_api_key.get_secret_value(),
            settings.anthropic_base_url,
            prices,
            Timeouts(routing.connect, routing.first_token, routing.whole),
            breaker(),
        )
    server = None
    if settings.local_llm_url is not None:
        server = LocalServer(
            settings.local_llm_url, settings.local_llm_model, settings.local_llm_trusted, prices, breaker()
        )
    installed = [
        Member(EmbeddedModel(weights), breaker(), "local")
        for weights in installed_weights(settings.home / WEIGHTS_FOLDER)[:1]
    ]
    shipped = shipped_weights() if settings.embedded else None
    demonstration = None
    if shipped is not None:
        demonstration = Member(EmbeddedModel(shipped), breaker(), "embedded", demonstration=True)
    return Fleet(claude, server, installed, demonstration)


def _zone(name: str | None) -> tzinfo:
    if name is not None:
        return ZoneInfo(name)
    from tzlocal import get_localzone

    return get_localzone()
