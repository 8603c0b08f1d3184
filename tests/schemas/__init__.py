"""Proofs of the wire: what is an event, what is refused and how that is said."""
