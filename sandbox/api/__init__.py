"""The HTTP faces of the sandbox: the XFin API (public) and the control API (loopback only)."""
