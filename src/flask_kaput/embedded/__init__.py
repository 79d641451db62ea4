"""The whole tracker inside an application: every process takes events, one of them digests, all show the page."""
