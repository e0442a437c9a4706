"""raslab: build, run, break and measure site-to-site networks on a real Linux dataplane."""

__version__ = "0.1.0"
