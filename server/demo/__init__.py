"""Development only: a page on another origin, sample people and an identity provider for them."""
