"""Kaput: a self-hosted error tracker that speaks the Sentry wire protocol."""

__version__ = "0.1.0"
