"""The local stack: real parts on loopback, started and stopped as one."""
