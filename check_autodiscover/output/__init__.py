"""A report as people and programs read it: text, details, steps, JSON, pages of rules."""
