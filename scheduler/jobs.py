"""The jobs there are and how often each happens; what a job does lives with its own subject."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from holds.actions import Actions
from holds.desk import HoldDesk
from holds.notices import Notices
from holds.reminders import Reminders
from holds.running import Runner
from notifications.outbox import Delivery
from scheduler.clock import Job
from store.replicas import BEAT, Replicas
from store.tokens import Tokens

Work = Callable[[], Awaitable[object]]


def standard_jobs(
    *,
    reminders: Reminders,
    desk: HoldDesk,
    runner: Runner,
    actions: Actions,
    replicas: Replicas,
    tokens: Tokens,
    delivery: Delivery,
    recover_inbox: Work,
    continue_decided: Work,
    push_checkpoint: Work | None = None,
    second_looks: Work | None = None,
    notices: Notices | None = None,
) -> tuple[Job, ...]:
    """Everything that happens by itself.

    Args:
        recover_inbox: takes up exchanges that nobody alive works on.
        continue_decided: lets the exchanges of decided holds go on.
        second_looks: asks again what was answered offline in an outage.
        push_checkpoint: publishes the ledger's newest checkpoint, where a place for it is declared.
        notices: asks those who may decide, where there is a channel to reach them on.
    """

    async def due_reminders() -> None:
        if await reminders.deliver_due():
            delivery.wake()

    async def sweep_holds() -> None:
        await desk.expire_due()
        await desk.seal_pending()
        await runner.recover()
        await actions.recover()
        await continue_decided()
        if notices is not None:
            await notices.sweep()
        delivery.wake()

    jobs = [
        Job("heartbeat", replicas.beat, every=BEAT, at_start=True, timeout=BEAT),
        Job("reminders", due_reminders, every=timedelta(seconds=2), at_start=True),
        Job("holds", sweep_holds, every=timedelta(seconds=10), at_start=True),
        Job("inbox", recover_inbox, every=timedelta(seconds=5)),
        Job("proofs", tokens.sweep, every=timedelta(hours=1)),
    ]
    if second_looks is not None:
        jobs.append(Job("second-looks", second_looks, every=timedelta(seconds=15), timeout=timedelta(minutes=20)))
    if push_checkpoint is not None:
        jobs.append(Job("checkpoint", push_checkpoint, every=timedelta(minutes=15), keep=True))
    return tuple(jobs)
