"""Audiences: conditions over profiles that are saved under a name."""
