"""Client of XFin, the platform's REST API. Import from the modules: client, config, errors, ..."""
