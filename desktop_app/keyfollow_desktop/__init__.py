"""The PySide6 timeline editor: `model` (no Qt) is there; bridge and windows stand on it."""
