"""Where people and programs talk to Trinity: one folder or file per channel.

A bot translates between its platform and `conversation.py`; it decides nothing and judges nothing.
"""
