"""What can be wrong with a setting."""

from __future__ import annotations


class SettingsError(Exception):
    """A setting is missing or wrong; the message says which and what would be right."""
