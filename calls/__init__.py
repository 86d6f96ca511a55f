"""What happens live: the media stream, agents, events, recordings. May import `campaigns`.

A call's way is media -> conversation -> events.

    audio         PURE  samples in, samples out: PCM, WAV, resampling, DTMF, echo, speech detection
    protocol      PURE  the media stream: messages, codec, state table
    agents        PURE  what to say: the interface, the registry, one file or folder a kind
    conversation  PURE  one call: (event, now) -> frames, log entries, effects, next wake-up
    speech        adapters: voices, caches of audio, VAD models
    media         the live socket: admission, connection, identification, prompt audio, shutdown
    media.servers what is known of the insides of Daphne and uvicorn
    events        a log entry's way to the database: journal, spool, batches, rows, heartbeat
    recordings    audio files: recorder, files, waveform, range requests
    reports       files handed to people: a campaign's attempts, all that is held about one person

The modules beside these folders have the names that Django, Channels and Celery give them.
"""
