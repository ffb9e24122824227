"""What Trinity says unasked, and the delivery of everything it says.

Outbox, alerts, digests and preferences live here; the platforms' own words live in `bots/`.
"""
