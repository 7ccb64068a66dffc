"""Renderings of the plan document (`headend.core.reconcile.document`). They read the document, and nothing else."""
