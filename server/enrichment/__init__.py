"""Enrichment: what others know, looked up by durable jobs."""
