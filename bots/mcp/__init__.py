"""Programs that speak the Model Context Protocol: Trinity's organs as tools, over HTTP at `/mcp` and over stdio.

Tools call what the other channels call; none of them can decide a hold or make a seal. The `mcp` package is imported
with the first request, never at start.
"""
