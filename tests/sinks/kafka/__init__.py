"""The destinations on Kafka, proved on a real broker."""
