"""What to do about a signal: consent, channel, caps, quiet hours."""
