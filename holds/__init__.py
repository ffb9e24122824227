"""Human decisions: the record, the policy, the desk that decides, and the action that runs once.

A message with buttons is only a view of a record kept here. No platform code may live here.
"""
