"""Tools that others serve over MCP: sessions that start at the first use, schemas, the choice by meaning.

Nothing here decides whether a call may be made; that is `holds/tools.py`. No import of `mcp` before the first use.
"""
