"""AWS, as a host sees it."""
