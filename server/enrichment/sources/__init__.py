"""Sources that an admin configures: a provider described as data, checked, called, and read."""
