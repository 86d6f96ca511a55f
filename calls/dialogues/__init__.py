"""What staff do with dialogues: change a draft, publish versions, test them, replay past calls."""
