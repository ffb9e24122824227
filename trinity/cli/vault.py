"""`trinity vault`: verify, prove, search, erase, export, change keys. Reading works beside a running Trinity."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from manifest.errors import ConfigError
from manifest.settings import load_settings
from trinity import home, logs, seals
from vault.audit import audit
from vault.checkpoint import Checkpoint
from vault.config import LedgerConfig
from vault.errors import VaultError
from vault.ledger import Ledger
from vault.note import SigningKey, VerifierKey
from vault.search import Query
from vault.transfer import import_from
from vault.verify import VerifyReport

T = TypeVar("T")
app = typer.Typer(help="The ledger: verify, prove, search, erase, export, change keys.", no_args_is_help=True)
_JSON = typer.Option(False, "--json", help="Print JSON.")
_KEY = typer.Option(None, "--key", help="Public key to trust (name+hash+base64) instead of the one kept here.")
_BY = typer.Option("the home's owner", "--by", help="Who does it; sealed.")


def _config(*, read_only: bool) -> LedgerConfig:
    settings = load_settings(None)
    return LedgerConfig(
        home=settings.home,
        origin=home.origin(settings.home, settings.origin),
        database_url=seals.ledger_url(settings.database_url),
        read_only=read_only,
    )


def _run(work: Callable[[LedgerConfig], Awaitable[T]], *, read_only: bool) -> T:
    """One verb's work; failures become plain lines and an exit code (2 for a wrong setting)."""
    logs.configure("error")
    try:
        return asyncio.run(_awaited(work(_config(read_only=read_only))))
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except VaultError as error:
        typer.echo(error.diagnostics(), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _with_ledger(use: Callable[[Ledger], Awaitable[T]], *, read_only: bool) -> T:
    async def work(config: LedgerConfig) -> T:
        async with await Ledger.open(config) as ledger:
            return await use(ledger)

    return _run(work, read_only=read_only)


def _told(report: VerifyReport) -> str:
    if report.ok:
        return f"verified: {report.message} root {report.root}"
    return f"NOT VERIFIED: {report.kind} at entry {report.first_bad}: {report.message}"


def _show(report: VerifyReport, as_json: bool) -> None:
    found = {**asdict(report), "sentence": _told(report)}
    typer.echo(json.dumps(found) if as_json else found["sentence"])
    if not report.ok:
        raise typer.Exit(1)


def verify(
    since: list[Path] = typer.Option([], "--since", help="File with a checkpoint, receipt, mail or report."),  # noqa: B008
    key: str = _KEY,
    texts: bool = typer.Option(True, help="Also open every text whose key is here and check its commitment."),
    as_json: bool = _JSON,
) -> None:
    """Recompute the whole ledger: commitments, chain, tree, signatures. Exit code 1 names the first bad position."""

    async def work(config: LedgerConfig) -> VerifyReport:
        heads = [path.read_bytes() for path in since]
        anchor = VerifierKey.parse(key) if key else None
        with Progress(console=Console(stderr=True), transient=True, disable=as_json) as progress:
            task = progress.add_task("verifying", total=None)
            return await audit(
                config,
                since=heads,
                anchor=anchor,
                texts=texts,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )

    _show(_run(work, read_only=True), as_json)


@app.command("receipt")
def receipt(index: int, out: Path = typer.Option(None, "--out", help="Default: receipt-INDEX.txt.")) -> None:  # noqa: B008
    """Write one self-contained file that a stranger can check with `python -m vault.check FILE --key PUBKEY`."""
    path = out or Path(f"receipt-{index}.txt")
    path.write_bytes(_with_ledger(lambda ledger: ledger.receipt(index), read_only=True))
    typer.echo(str(path))


@app.command("key")
def public_key() -> None:
    """Print the public key by which strangers check receipts (the owner's, where the log has one)."""

    async def work(ledger: Ledger) -> str:
        return str(ledger.verifier_key)

    typer.echo(_with_ledger(work, read_only=True))


@app.command("checkpoint")
def checkpoint() -> None:
    """Print the last signed head."""
    head: Checkpoint | None = _with_ledger(lambda ledger: ledger.checkpoint(), read_only=True)
    typer.echo("The ledger is empty." if head is None else head.note, nl=head is None)


@app.command("search")
def search(
    since: datetime = typer.Option(None, formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="From this time (UTC)."),  # noqa: B008
    until: datetime = typer.Option(None, formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Before this time (UTC)."),  # noqa: B008
    person: str = typer.Option(None, help="Id of a person."),
    verdict: str = typer.Option(None, help="SEAL, PARTIAL, SABAR, 888_HOLD or VOID."),
    floor: str = typer.Option(None, help="Entries in which this floor did not pass, e.g. F2."),
    channel: str = typer.Option(None),
    kind: str = typer.Option(None, help="exchange, hold.decision, erasure, ..."),
    text: str = typer.Option(None, help="Part of a person's text; needs --reader and --role, and is sealed."),
    reader: str = typer.Option(None, help="Who reads."),
    role: str = typer.Option(None, help="The reader's role."),
    limit: int = typer.Option(50),
) -> None:
    """Find entries; one JSON line each, newest first."""
    first, last = (time.replace(tzinfo=UTC) if time else None for time in (since, until))
    query = Query(first, last, person, verdict, floor, channel, kind, text, limit)
    hits = _with_ledger(lambda ledger: ledger.search(query, reader=reader, role=role), read_only=text is None)
    for hit in hits:
        entry = hit.entry
        shown = {"index": entry.index, "time": entry.time.isoformat(), "kind": entry.kind, "key": entry.key}
        typer.echo(json.dumps({**shown, "body": entry.body, "texts": hit.texts}, ensure_ascii=False, default=dict))


@app.command("erase")
def erase(person: str = typer.Option(..., "--person"), by: str = _BY, reason: str = "") -> None:
    """Make all texts of a person unreadable for ever, in the ledger and all its backups. Cannot be undone."""
    done = _with_ledger(lambda ledger: ledger.erase(person, by=by, reason=reason), read_only=False)
    typer.echo(f"erased: {done.keys} keys destroyed, sealed as entry {done.receipt.index}; every proof still holds")


@app.command("retain")
def retain(since: str = typer.Option(..., "--since", help="First month to keep, as 2026-11."), by: str = _BY) -> None:
    """Retention: make everybody's texts of earlier months unreadable. Cannot be undone."""
    done = _with_ledger(lambda ledger: ledger.retain_since(since, by=by), read_only=False)
    typer.echo(f"destroyed {done.keys} keys of months before {since}, sealed as entry {done.receipt.index}")


@app.command("export")
def export(folder: Path, as_json: bool = _JSON) -> None:
    """Write the whole ledger as plain files (C2SP tile layout) into an empty folder, and verify them."""
    _show(_with_ledger(lambda ledger: ledger.export(folder), read_only=True), as_json)


@app.command("import")
def import_(
    folder: Path,
    key: str = _KEY,
    accept_loss: bool = typer.Option(False, "--accept-loss", help="Even if later heads were signed here."),
    as_json: bool = _JSON,
) -> None:
    """Verify an export or backup and put it into this home's empty ledger."""
    anchor = VerifierKey.parse(key) if key else None
    report = _run(
        lambda config: import_from(folder, replace(config, read_only=False), anchor=anchor, accept_loss=accept_loss),
        read_only=False,
    )
    _show(report, as_json)


@app.command("owner-key")
def owner_key(out: Path) -> None:
    """Make an offline owner key; keep the file away from this machine, and its public half at hand."""
    key = SigningKey.generate(_config(read_only=True).origin + "/owner")
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{key.name}\n{base64.b64encode(key.secret).decode()}\n")
    typer.echo(str(key.verifier))


@app.command("begin")
def begin(owner: Path = typer.Option(..., "--owner", help="File made by `owner-key`.")) -> None:  # noqa: B008
    """Begin this home's ledger with an owner who certifies its key. Only before the first entry."""

    async def work(config: LedgerConfig) -> str:
        if (config.keys / "log" / "certificates").exists():
            raise VaultError("This ledger has a key already.", kept="Nothing was changed.", do="Use `rekey`.")
        async with await Ledger.open(config, owner=_owner(owner)) as ledger:
            return str(ledger.verifier_key)

    typer.echo(_run(work, read_only=False))


@app.command("rekey")
def rekey(
    compromised: bool = typer.Option(False, "--compromised", help="The present key was stolen; needs --owner."),
    owner: Path = typer.Option(None, "--owner", help="File made by `owner-key`."),  # noqa: B008
    trusted: Path = typer.Option(None, "--trusted", help="File with the last head beyond doubt."),  # noqa: B008
) -> None:
    """Change the signing key: certified by the old one or, after a theft, by the owner."""

    head = Checkpoint.parse(trusted.read_bytes()) if trusted else None

    async def work(ledger: Ledger) -> str:
        if compromised:
            if owner is None:
                raise VaultError(
                    "A stolen key is replaced by the owner's word.",
                    kept="Nothing was changed.",
                    do="Give --owner FILE.",
                )
            done = await ledger.rekey_compromised(_owner(owner), head)
        else:
            done = await ledger.rotate_key()
        return f"key {ledger.history.current.generation} signs from here on, sealed as entry {done.index}"

    typer.echo(_with_ledger(work, read_only=False))


def _owner(path: Path) -> SigningKey:
    name, secret = path.read_text().split()
    return SigningKey(name, base64.b64decode(secret))


app.command("verify")(verify)
app.command("backup", help="The same as `export`.")(export)
app.command("restore", help="The same as `import`.")(import_)
