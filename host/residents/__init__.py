"""What programs that stay have in common."""
