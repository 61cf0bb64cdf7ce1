"""What users say: options, the configuration file, and the policy that both amount to."""
