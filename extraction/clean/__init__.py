"""Pure text -> text steps that leave only what the owner typed."""
