"""Reconciliation, and proofs on whole data sets that lie beside the repository."""
