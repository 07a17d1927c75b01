"""Durable work in MongoDB: a job is leased, fenced, retried, and ends as done or as a dead letter."""
