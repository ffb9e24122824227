"""The verbs a person types, one small module per group.

A verb parses its arguments, calls one service and prints. Logic belongs to the service, never here.
"""
