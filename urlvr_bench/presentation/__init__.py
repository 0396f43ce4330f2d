"""How numbers look wherever they are shown: tables, curves, documents that must not go stale."""
