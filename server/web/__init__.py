"""HTTP: the only home of Starlette beside app.py."""
