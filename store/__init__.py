"""The one application database: engine, tables, migrations, inbox, outbox table, people.

Durable rows and their transactions live here; what the rows mean is decided by the packages above.
"""
