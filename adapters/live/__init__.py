"""The live gateway: changes as they are published, handed on to sockets."""
