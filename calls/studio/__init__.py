"""The studio: the portal's pages on which staff make, check and publish dialogues."""
