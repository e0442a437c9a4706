"""Declared services: the real daemons inside a lab's nodes. Knows neither RAS words nor topologies."""
