"""A real Kafka broker for tests, and the proofs of what touches Kafka."""
