"""headend's kinds as Pulumi dynamic providers, generic over the registry."""
