"""What people ask for: HTML that is made here, without scripts of others or requests to anywhere."""
