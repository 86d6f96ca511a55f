"""The media-stream protocol, without I/O: errors, messages, codec, state, stream."""
