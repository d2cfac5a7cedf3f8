"""Content scoring and near-duplicate detection."""
