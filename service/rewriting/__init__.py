"""The core path, text -> text in a voice, without HTTP."""
