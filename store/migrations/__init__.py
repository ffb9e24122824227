"""The schema's history, one file per step under `versions/`.

Run by `store.migrate`, never by hand; no step may be changed once it was released.
"""
