"""From the rows of a Nexus to triplets.jsonl and ledger.json."""
