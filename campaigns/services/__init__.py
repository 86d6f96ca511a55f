"""All writes of this app. Each function is one step that may be repeated, found by query, never by queue."""
