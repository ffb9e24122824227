"""Which model answers: task features, sensitivity, policy, budget, breaker, learning.

Every choice carries its reason. Clients of models live in `adapters/`; nothing here talks to a network itself.
"""
