"""The whole way on a real broker: one process, several, killed, moved, live and replayed."""
