"""Kafka as the log: topics and partitions as one ordered input, on confluent-kafka directly."""
