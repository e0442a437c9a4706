"""Dialling that nobody waits for: alternates, tries and their interval, and interfaces that are to stay up."""

from raslab.gateway.dialler.dialler import Dialler, Exchange, dial

__all__ = ["Dialler", "Exchange", "dial"]
