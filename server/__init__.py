"""Acquaint: one profile per person, a little at a time."""
