"""A stand-in for EMQX 5.8: its configuration, ports, commands and status page on top of Debian's ejabberd."""
