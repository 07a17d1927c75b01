"""Who asks, and what may they do: viewers, scopes, API keys and the tokens of the widget."""
