"""A stand-in for the Awaaz platform: XFin API, scheduler, dialer and people who answer.

It runs as one process with a database of its own. Of this project it imports only `calls.protocol` and
`calls.audio`; nothing imports it, and it shares no code with our own XFin client, so that agreeing with it
means agreeing with the written interface.
"""
