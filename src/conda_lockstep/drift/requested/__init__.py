"""Compares what two environment files request, without a solve."""
