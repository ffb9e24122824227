"""Language models behind one interface, one file per kind of server.

Asking, streaming, usage, cancelling and time limits live here; choosing a model lives in `router/`.
"""
