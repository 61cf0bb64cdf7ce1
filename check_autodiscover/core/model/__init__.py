"""What is known: values without behaviour of their own, each the field's. Imports nothing else of the core."""
