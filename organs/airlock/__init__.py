"""What 000 does to text before anyone reads it: strip, fold, decode, lift, split by provenance, find instructions.

Pure functions over strings with bounded time. No model, no platform, no storage; F12 judges what is found here.
"""
