"""Erasing a customer on request, what stops it, and what stays until the law lets it go."""
