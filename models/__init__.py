"""What it means: the warning models and their catalogue. Pure: no clock, no network, no file."""
