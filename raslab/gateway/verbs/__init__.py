"""The verbs of a gateway, one module per group of cmdlets. Names are the cmdlets' in snake_case."""
