"""What runs beside EMQX."""
