"""What programs ask for: a module an endpoint, from a request to a response."""
