"""The live gateway's conversation: who may watch what, and what they are told."""
