"""The command `neurula`: a thin shell, one file a verb. Nothing heavy is imported before a verb runs."""
