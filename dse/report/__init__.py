"""What people see: tables, pictures and documents, made from plain results; nothing is printed."""

__all__: list[str] = []
