"""The points ledger: double entry, integers only."""
