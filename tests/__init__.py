"""Proofs: unit tables, properties, flow, contract, simulation, integration, benchmarks; and the repository itself."""
