"""Consent: may we? What people granted, denied and withdrew, purpose by purpose."""
