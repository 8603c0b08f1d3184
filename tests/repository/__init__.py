"""What must hold for the repository as a whole: layers, sizes, documents, locks, dashboards."""
