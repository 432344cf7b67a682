"""Views of the log that can be rebuilt: one interface, two stores."""
