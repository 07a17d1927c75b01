"""What people did: told by pages and apps, counted in the profile, kept in a log."""
