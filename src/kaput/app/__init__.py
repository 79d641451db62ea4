"""The web application: the ingest path, the doors for machines and the page, composed under one address. A root."""
