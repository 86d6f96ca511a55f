"""Replay of past calls: made by simulating, stored as real ones are, replayed with their own version."""
