"""The commands of `acquaint` that neither serve nor keep data."""
