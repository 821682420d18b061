"""What extraction, training and service share: triplets, the prompt, sentences, facts, the voice folder."""
