"""What several Trinities share, and the carriers it travels on.

Trust, envelopes and folding live here; what is worth sharing is decided in `knowledge/`.
"""
