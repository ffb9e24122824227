"""The ledger: entries, Merkle log, checkpoints, proofs, stores, erasure.

May import the standard library, its own packages, `store` and `manifest`; `check` needs only Python and `cryptography`.
"""
