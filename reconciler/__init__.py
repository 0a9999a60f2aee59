"""Declarative reconciler for Azure Batch: plan shows the difference to live Azure, apply makes it so."""

__version__ = "0.1.0"
