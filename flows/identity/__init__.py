"""Identity: one person everywhere."""
