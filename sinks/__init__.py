"""The way out: what the flow decided becomes files and tables, each record exactly once."""
