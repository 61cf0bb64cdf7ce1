"""The door for front ends: from an assessment to a report."""
