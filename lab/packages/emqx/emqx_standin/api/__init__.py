"""The dashboard's port: /status for everyone, and a part of EMQX's /api/v5 behind a login or an API key."""
