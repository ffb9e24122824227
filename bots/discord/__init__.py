"""Trinity in Discord: events become messages for the conversation, outbox rows become Discord messages.

It translates and decides nothing: no rule about floors, people or holds may live here. The library of the same
name is always meant by `import discord`; this package is always `bots.discord`.
"""
