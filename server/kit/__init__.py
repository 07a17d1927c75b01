"""What every domain stands on; knows nothing of the domains."""
