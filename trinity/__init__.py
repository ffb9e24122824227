"""The roof: the command line, and the wiring, start and stop of the one process.

Lives here: `app.py` (who gets what), `cli/` (verbs without logic). No rule, no judgement and no storage may live here.
"""

__version__ = "0.1.0"
