"""Speed and latency of Balanza on a broker beside the file log over the same lines (docs/performance.md)."""
