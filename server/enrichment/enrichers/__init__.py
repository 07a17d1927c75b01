"""Sources of claims, one module each."""
