"""The RAS gateway: desired state and verbs in RAS terms. Never calls a process itself."""
