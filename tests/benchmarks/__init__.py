"""Speed and memory of Balanza beside a plain loop over the same log (docs/performance.md)."""
