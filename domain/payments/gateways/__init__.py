"""One adapter per payment provider behind the port in domain/payments/gateway.py."""
