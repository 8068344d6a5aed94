"""Owns the sweep: it looks for promises past a rung of the ladder without a notice, and tells who must be told.

It looks at what is, not at when it last ran: a missed night loses nothing, and any number of sweeps at once, or
killed half-way and run again, leave the same notices. One notice per (obligation, rung, due date) is a unique key.
"""

BATCH = 500
SQLITE_BATCH = 200
"""How many obligations one commit takes: on SQLite fewer, since everybody else who writes waits for it."""
