"""The web page and the HTTP API.

Routes, pages and their assets live here; who may do what is decided by the services they call.
"""
