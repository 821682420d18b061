"""From triplets.jsonl to a voice folder."""
