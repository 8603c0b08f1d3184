"""Kafka as a log: its order without a broker, and everything else with a real one."""
