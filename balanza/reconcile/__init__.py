"""Reconciliation (D11, V8): every balance, lot and tier once more from the raw log, sharing nothing with the ledger.

The log is read in the run's own order and its lines are taken as they came (`reading.py`). Of the run is believed which
member an event was of, which members were merged, split or forgotten, and what rules gave that count over several
events (`rules.py`), which is said. All else is SQL over the raw lines (`sql/`): what one event earns (`worths.py`, with
conditions from `conditions.py`), then a member's moves in their order, the n-th of everybody in one wave (`waves.py`),
on tables of orders, redemptions, holds, lots and accounts. What returned lines take back is a sum of fractions
(`lined.py`), and tiers are told from these tables (`tier_story.py`), in Python. Then both sides are compared, and for
each member that differs the first event is looked up at which they part (`drift.py`). What a program does that the SQL
does not know is said (`coverage.py`).
"""
