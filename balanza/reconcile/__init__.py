"""Reconciliation (D11, V8): every balance, lot and tier once more from the raw log, sharing nothing with the ledger.

The log is read in the run's own order and its lines are taken as they came (`reading.py`). Of the run only one thing is
believed: which member an event was of, and which members were merged, split or forgotten. All else is SQL over the raw
lines (`sql/`): a member's moves happen in their order, the n-th of everybody in one wave (`waves.py`), on tables of
orders, redemptions, lots and accounts. Tiers are told from these tables, in Python (`tier_story.py`). Then both sides
are compared, and for each member that differs the first event is looked up at which they part (`drift.py`). What a
program does that the SQL does not know is said (`coverage.py`).
"""
