"""The shipped programs, each told as a story."""
