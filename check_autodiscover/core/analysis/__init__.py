"""What the observations of a survey mean: lookups, replies, chains, endpoints, the walk of each client."""
