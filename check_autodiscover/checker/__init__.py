"""A check from its first question to its verdict: who asks, in which order, until when."""
