"""Hosts machines in the engine: state, cache, timers, dedupe, stations, clean stop. It knows nothing of loyalty."""
