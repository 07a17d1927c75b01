"""The commands that keep a deployment's data."""
