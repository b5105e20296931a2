"""One command, one machine: PostgreSQL primary and replica, Valkey and our own processes under one supervisor."""
