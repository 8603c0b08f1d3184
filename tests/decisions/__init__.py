"""Decisions: aligned tables, the end of quiet hours, and the invariants V2, V3 and V7 over random lives."""
