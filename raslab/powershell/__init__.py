"""The RemoteAccess cmdlet front end. Knows the gateway, never the daemons."""
