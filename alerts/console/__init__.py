"""The page of the monitoring room."""
