"""What Trinity knows: documents, insights, tasks, patterns, and who may see them.

Everything kept here is untrusted text with a scope; nothing here can change a verdict or a policy.
"""
