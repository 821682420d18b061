"""One judgement of rewrites, for all who ask: what is said otherwise, and how likely the same is said."""
