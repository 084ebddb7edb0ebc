"""The commands of ``python -m sgdcourse``, one per file: each has ``main(arguments)``."""
