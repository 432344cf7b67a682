"""Dashboards, generated from the catalogue and the table of quantities."""
