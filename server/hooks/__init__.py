"""Hooks: other servers that are told of what happens, or asked before it does."""
