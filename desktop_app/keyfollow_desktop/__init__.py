"""The PySide6 timeline editor. Empty until it is built; the folder is here so that its import boundary holds from the first day."""
