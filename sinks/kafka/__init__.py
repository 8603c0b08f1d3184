"""Records and members' documents to topics: each committed record there exactly once (docs/kafka-topics.md)."""
