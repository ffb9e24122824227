"""When things happen by themselves.

The clock and the table of jobs live here; what a job does lives with its own subject.
"""
