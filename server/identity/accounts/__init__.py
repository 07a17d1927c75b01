"""Accounts at providers: what is kept of each, and how they join people."""
