"""The broken shop: a Flask application as anybody's, whose buttons fail for real. Started by `kaput.demo.main`."""
