"""A pretend coast with ground truth."""
