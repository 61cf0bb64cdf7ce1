"""`autodiscoverctl sweep`: many domains at once, each result kept as it comes."""
