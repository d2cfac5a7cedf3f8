"""An owner's account: his data as held, corrections, wishes, who saw his data, exports, the end of it."""
