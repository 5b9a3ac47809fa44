"""A file set, onto this host."""
