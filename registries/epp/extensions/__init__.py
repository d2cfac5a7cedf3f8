"""Extensions of EPP, one file each.

Those that only add to answers are read by the frames they belong to. Those by which a registry hides a
contact in its own way translate RFC 5733's disclosure into the registry's words and back
(`privacy.ContactPrivacy`, `privacy.DomainPrivacy`); `table` says which is used when a greeting announces it.
"""
