"""What a member's behaviour says: signals raised and cleared."""
