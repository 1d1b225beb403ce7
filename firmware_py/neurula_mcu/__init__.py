"""The runtime of a grown brain on MicroPython: image loader, viper kernels, burst loop."""
