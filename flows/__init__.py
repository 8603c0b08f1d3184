"""The way of an event, and the machines that stand along it."""
