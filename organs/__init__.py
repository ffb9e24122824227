"""The pipeline: five organs, thirteen floors, immutable bundles between them.

Mind and Heart may not import each other; only `_3_apex` can make a SEAL. No platform, no storage, no model client.
"""
