"""Several processes of one deployment."""
