"""What counts as private in a text: checked patterns, tokens of known services, addresses, special matters.

No model call and no network; `router/sensitivity.py` is the only door.
"""
