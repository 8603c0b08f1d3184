"""A log once more: the same results, another program, another beginning; nothing that lives is touched."""
