"""What people decide: programs (business rules) and settings (how the process runs)."""
