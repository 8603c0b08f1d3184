"""Tests of the ledger: what events do to balances."""
