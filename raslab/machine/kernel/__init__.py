"""The lab kernel: a User-Mode Linux built once per computer from the distribution's signed source package."""

from raslab.machine.kernel.cache import CachedKernel, cached_kernel

__all__ = ["CachedKernel", "cached_kernel"]
