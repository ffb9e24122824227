"""The thirteen floors, one file each: what it measures, its threshold, its source.

A floor measures the content at hand and says why; it never returns a constant and never decides the verdict.
"""
