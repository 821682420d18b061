"""A person's own text -> the same as an assistant would put it."""
