"""From voice folders to /v1/chat/completions."""
