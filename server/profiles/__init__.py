"""Profiles: who a person is as far as anybody said, and who said it."""
