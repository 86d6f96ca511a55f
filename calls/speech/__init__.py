"""Text to audio, behind one small interface (`voice.Voice`)."""
