"""Who must know: the fold, the life cycle, and the roles that write, deliver and show."""
