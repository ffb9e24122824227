"""The one error family of the ledger; each error can tell a person what happened, what was kept, what to do."""

from __future__ import annotations


class VaultError(Exception):
    """Something about the ledger failed.

    `what` happened, what was `kept`, what to `do`: three plain sentences; `str()` is the first of them.
    """

    kept = "Nothing that was acknowledged is lost."
    do = "Run `trinity vault verify` and read its answer."

    def __init__(self, what: str, *, kept: str | None = None, do: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        if kept is not None:
            self.kept = kept
        if do is not None:
            self.do = do

    def diagnostics(self) -> str:
        """The whole message for a person: what happened, what was kept, what to do."""
        return f"{self.what} {self.kept} {self.do}"


class ProofError(VaultError):
    """A Merkle proof, or an argument given with it, does not hold."""

    kept = "The ledger itself was not touched."
    do = "Ask the log for a fresh proof; if that fails too, keep both and tell the log's owner."


class NoteError(VaultError):
    """A signed note, checkpoint or key text is malformed, or its signature does not verify."""

    kept = "The ledger itself was not touched."
    do = "Check that the key belongs to this log and that the text is complete."


class EntryError(VaultError):
    """An entry cannot be sealed as given: not JSON, too large, a bad key or kind."""

    kept = "Nothing was written."
    do = "Correct the entry and append it again."


class ReceiptError(VaultError):
    """A receipt file does not prove what it claims."""

    kept = "The ledger itself was not touched."
    do = "Do not rely on this receipt; ask for a fresh one."


class StoreError(VaultError):
    """A store refused or failed to keep a batch; it is not written again until it is verified anew."""

    do = "Free the disk or bring the database back; the ledger verifies the store and returns to it by itself."


class FateUnknown(StoreError):
    """The store failed at a moment at which nobody can say whether the batch was committed."""


class DuplicateKey(StoreError):
    """A batch holds an idempotency key that the store already has; nothing of the batch was written."""

    do = "Take the first receipt."


class Fenced(StoreError):
    """Another writer has written this position: this one is no longer the ledger's writer."""

    kept = "Nothing of this batch was written."
    do = "Let this instance hand its entries to the present writer, or stop it."


class LedgerBusy(VaultError):
    """Another process holds this ledger for writing."""

    kept = "Nothing was written."
    do = "Stop the other process, or speak to it over its socket."


class LedgerUnavailable(VaultError):
    """None of the ledger's stores can commit."""

    kept = "What was acknowledged before is safe; this entry was not acknowledged."
    do = "Free the disk or bring a store back, then try again."


class TamperError(VaultError):
    """What the store holds contradicts what was signed before: the ledger will not go on from it."""

    kept = "Nothing was written; the store was left as it was found."
    do = "Run `trinity vault verify`, keep a copy of the store and of the checkpoints, and restore from a backup."


class ErasedError(VaultError):
    """The text cannot be read: its key was destroyed, or is not here."""

    kept = "Its commitment and every proof still hold."
    do = "Nothing can bring it back; if it was not erased, check that the key store is the right one."


class AccessError(VaultError):
    """This reader may not read people's texts."""

    kept = "Nothing was decrypted."
    do = "Ask somebody whose role allows it."


class KeyUnavailable(VaultError):
    """The master key cannot be read, or does not open the stored keys."""

    kept = "The wrapped keys were left as they are."
    do = "Set TRINITY_KEY_FILE, or unlock the system keyring."


class WitnessRefusal(VaultError):
    """A witness will not sign this head: a fork, a rollback, or a proof that fails."""

    kept = "Both signed heads are kept as proof where they contradict each other."
    do = "Compare the two heads with the log's owner."
