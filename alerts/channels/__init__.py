"""Ways to reach a person or a device."""
