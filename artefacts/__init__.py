"""What is shipped beside the programs, made from their own tables: `make artefacts` writes it below `packaging/`."""
