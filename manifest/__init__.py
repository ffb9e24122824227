"""What this Trinity is declared to be: settings, people, constitution, prices, replies.

Typed readers of the declared files, with errors that name the place. Nothing here reads a database or a network.
"""
