"""Telephone audio as arrays and bytes: 16-bit little-endian mono PCM, 8 kHz unless stated."""
