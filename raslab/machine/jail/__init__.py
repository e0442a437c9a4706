"""What keeps a lab machine from this computer: see docs/security.md."""
