"""The only home of authlib: OpenID providers."""
