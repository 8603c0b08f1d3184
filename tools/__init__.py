"""Tools that make what the repository carries along; no part of the package."""
