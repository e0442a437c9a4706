"""Tests that use JupyterLab in a web browser, as a user does."""
