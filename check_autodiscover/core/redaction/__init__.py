"""A survey that may be shown to others: names, addresses and certificates by pseudonyms."""
