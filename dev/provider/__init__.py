"""The sandbox payment provider: a process of its own with real HTTP, real idempotency and faults on demand.

``core`` modules (this folder) keep the books; ``http/`` gives them one shape on the wire.
"""
