"""The facts of a text: what is masked before a model sees it, and what it may neither lose nor invent."""
