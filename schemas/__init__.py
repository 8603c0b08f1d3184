"""What data looks like: wire events, states and records, with their decoders and encoders."""
