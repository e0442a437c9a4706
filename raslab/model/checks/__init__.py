"""Checks of a topology, one module per kind of thing; each check yields one sentence per problem."""
