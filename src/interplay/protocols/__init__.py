"""Typed protocols, tiers, data mappings, claims and the plan that they unfold into. No torch in here."""
