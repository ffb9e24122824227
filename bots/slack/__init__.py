"""Slack: what arrives becomes an `Inbound`, what Trinity says becomes messages. It translates and decides nothing.

Nothing here is imported before tokens are set; `start.py` is the way in, and no rule of the house may live here.
"""
