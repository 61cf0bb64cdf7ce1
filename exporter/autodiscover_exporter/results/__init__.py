"""What became of each domain: probed, kept, written down once. Nothing here knows HTTP."""
