"""Orchestration: how often a member may be spoken to."""
